package main

// iden3's .zkey and .wtns, read into gnark-crypto's own types before any clock runs.

import (
	"encoding/binary"
	"fmt"
	"os"

	curve "github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
)

const (
	g1Bytes    = 64
	g2Bytes    = 128
	coefRecord = 44 // matrix, row and wire as u32, then a value
)

// query holds the points of one query that are not at infinity, beside the wires they belong to.
type query[P any] struct {
	wires  []uint32
	points []P
}

// term is one coefficient of a matrix row. The file's value v·R² is kept as it is: times a plain witness value w, a
// Montgomery multiplication gives v·w·R, which is v·w in Montgomery form.
type term struct {
	wire  uint32
	value fr.Element
}

type provingKey struct {
	public                int
	wires                 int
	alpha1, beta1, delta1 curve.G1Affine
	beta2, delta2         curve.G2Affine
	a, b1, c, h           query[curve.G1Affine]
	b2                    query[curve.G2Affine]
	left, right           [][]term
	domain                *fft.Domain
}

func sections(path, magic string) (map[uint32][]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data) < 12 || string(data[:4]) != magic {
		return nil, fmt.Errorf("%s is no %s file", path, magic)
	}
	found := map[uint32][]byte{}
	for at := 12; at+12 <= len(data); {
		kind := binary.LittleEndian.Uint32(data[at:])
		size := int(binary.LittleEndian.Uint64(data[at+4:]))
		at += 12
		if size > len(data)-at {
			return nil, fmt.Errorf("%s is cut", path)
		}
		found[kind] = data[at : at+size]
		at += size
	}
	return found, nil
}

func limbs(data []byte) (words [4]uint64) {
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	return
}

func g1(data []byte) curve.G1Affine {
	return curve.G1Affine{X: fp.Element(limbs(data)), Y: fp.Element(limbs(data[32:]))}
}

func g2(data []byte) (point curve.G2Affine) {
	point.X.A0, point.X.A1 = fp.Element(limbs(data)), fp.Element(limbs(data[32:]))
	point.Y.A0, point.Y.A1 = fp.Element(limbs(data[64:])), fp.Element(limbs(data[96:]))
	return
}

// finite reads a section of points and leaves out those at infinity; firstWire is the wire of the first point.
func finite[P any](data []byte, width, firstWire int, read func([]byte) P, infinite func(*P) bool) (q query[P]) {
	for i := 0; i < len(data)/width; i++ {
		point := read(data[i*width:])
		if !infinite(&point) {
			q.wires = append(q.wires, uint32(firstWire+i))
			q.points = append(q.points, point)
		}
	}
	return
}

func loadKey(path string) (*provingKey, error) {
	found, err := sections(path, "zkey")
	if err != nil {
		return nil, err
	}
	header := found[2]
	if len(header) != 2*36+12+3*g1Bytes+3*g2Bytes {
		return nil, fmt.Errorf("%s is no Groth16 key over BN254", path)
	}
	counts := header[72:]
	wires, public, size := u32(counts), u32(counts[4:]), u32(counts[8:])
	points := counts[12:]
	infinite1 := (*curve.G1Affine).IsInfinity
	infinite2 := (*curve.G2Affine).IsInfinity
	key := &provingKey{
		public: public, wires: wires,
		alpha1: g1(points), beta1: g1(points[64:]), beta2: g2(points[128:]),
		delta1: g1(points[384:]), delta2: g2(points[448:]),
		a:    finite(found[5], g1Bytes, 0, g1, infinite1),
		b1:   finite(found[6], g1Bytes, 0, g1, infinite1),
		b2:   finite(found[7], g2Bytes, 0, g2, infinite2),
		c:    finite(found[8], g1Bytes, public+1, g1, infinite1),
		h:    finite(found[9], g1Bytes, 0, g1, infinite1),
		left: make([][]term, size), right: make([][]term, size),
	}
	// The key's H points belong to the odd points of the doubled domain: a coset by the doubled domain's generator.
	key.domain = fft.NewDomain(uint64(size), fft.WithShift(fft.NewDomain(uint64(2*size)).Generator))
	for records := found[4][4:]; len(records) >= coefRecord; records = records[coefRecord:] {
		matrix, row, wire := u32(records), u32(records[4:]), u32(records[8:])
		one := term{uint32(wire), fr.Element(limbs(records[12:]))}
		if matrix == 0 {
			key.left[row] = append(key.left[row], one)
		} else {
			key.right[row] = append(key.right[row], one)
		}
	}
	return key, nil
}

// loadWitness returns the witness plain, as the file holds it, and in Montgomery form, as gnark-crypto wants it.
func loadWitness(path string) (plain, montgomery []fr.Element, err error) {
	found, err := sections(path, "wtns")
	if err != nil {
		return nil, nil, err
	}
	data := found[2]
	plain, montgomery = make([]fr.Element, len(data)/32), make([]fr.Element, len(data)/32)
	square := fr.Element(rSquare())
	for i := range plain {
		plain[i] = fr.Element(limbs(data[32*i:]))
		montgomery[i].Mul(&plain[i], &square)
	}
	return plain, montgomery, nil
}

// rSquare returns the limbs of R² mod r: R in Montgomery form, R being 2^256.
func rSquare() [4]uint64 {
	var two, r fr.Element
	two.SetUint64(2)
	r.SetOne()
	for i := 0; i < 256; i++ {
		r.Mul(&r, &two)
	}
	return [4]uint64(r)
}

func u32(data []byte) int { return int(binary.LittleEndian.Uint32(data)) }
