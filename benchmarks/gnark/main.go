// Times gnark-crypto on iden3's files: whole proofs, then single kernels. One JSON document on stdout.
//
// Usage: gnark KEY.zkey WITNESS.wtns ROUNDS THREADS   or   gnark kernels POINTS ROUNDS THREADS
package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

func bigInt() *big.Int { return new(big.Int) }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 4 {
		return fmt.Errorf("gnark KEY.zkey WITNESS.wtns ROUNDS THREADS, or gnark kernels POINTS ROUNDS THREADS")
	}
	threads, err := strconv.Atoi(arguments[len(arguments)-1])
	if err != nil {
		return err
	}
	rounds, err := strconv.Atoi(arguments[len(arguments)-2])
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(threads)
	var told map[string]any
	if arguments[0] == "kernels" {
		told, err = kernels(arguments[1], rounds, threads)
	} else {
		told, err = proofs(arguments[0], arguments[1], rounds, threads)
	}
	if err != nil {
		return err
	}
	told["version"] = version()
	return json.NewEncoder(os.Stdout).Encode(told)
}

func proofs(zkey, wtns string, rounds, threads int) (map[string]any, error) {
	key, err := loadKey(zkey)
	if err != nil {
		return nil, err
	}
	plain, witness, err := loadWitness(wtns)
	if err != nil {
		return nil, err
	}
	if len(witness) != key.wires {
		return nil, fmt.Errorf("the witness is another circuit's than the key")
	}
	var made proof
	prove := func(beside bool) func() {
		return func() {
			var r, s fr.Element
			r.MustSetRandom()
			s.MustSetRandom()
			made = key.prove(plain, witness, r, s, threads, beside)
		}
	}
	told := map[string]any{
		"in turn": clock(rounds, prove(false)),
		"beside":  clock(rounds, prove(true)),
	}
	told["proof"] = asJSON(made)
	return told, nil
}

// timed is what some rounds took, in milliseconds: by the clock, and on all cores together.
type timed struct {
	Wall []float64 `json:"wall"`
	CPU  []float64 `json:"cpu"`
}

// clock times some rounds after a first one that is not counted.
func clock(rounds int, work func()) (times timed) {
	for i := 0; i <= rounds; i++ {
		start, busy := time.Now(), processorTime()
		work()
		if i > 0 {
			times.Wall = append(times.Wall, milliseconds(time.Since(start)))
			times.CPU = append(times.CPU, milliseconds(processorTime()-busy))
		}
	}
	return
}

func milliseconds(time time.Duration) float64 { return float64(time.Microseconds()) / 1e3 }

// processorTime returns what this process has used of all cores.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// asJSON returns the proof as snarkjs writes it.
func asJSON(made proof) map[string]any {
	return map[string]any{
		"protocol": "groth16", "curve": "bn128",
		"pi_a": []string{made.a.X.String(), made.a.Y.String(), "1"},
		"pi_b": [][]string{
			{made.b.X.A0.String(), made.b.X.A1.String()}, {made.b.Y.A0.String(), made.b.Y.A1.String()}, {"1", "0"},
		},
		"pi_c": []string{made.c.X.String(), made.c.Y.String(), "1"},
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/consensys/gnark-crypto" {
				return module.Version
			}
		}
	}
	return ecc.BN254.String()
}
