package main

// Single kernels: sums of points and one transform, on points and scalars that another program drew.

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"slices"

	curve "github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
)

const (
	most  = 1 << 16
	fewer = 1 << 14
)

// kernels reads points of G1, points of G2 and scalars, in Montgomery form one after the other, and times what sums them.
// The transform leaves its values in bit-reversed order, as gnark's prover does.
func kernels(path string, rounds, threads int) (map[string]any, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data) != (g1Bytes+g2Bytes+fr.Bytes)*most {
		return nil, fmt.Errorf("%s does not hold 2^16 points of each group and as many scalars", path)
	}
	points1, points2, scalars := make([]curve.G1Affine, most), make([]curve.G2Affine, most), make([]fr.Element, most)
	for i := range scalars {
		points1[i] = g1(data[i*g1Bytes:])
		points2[i] = g2(data[most*g1Bytes+i*g2Bytes:])
		scalars[i] = fr.Element(limbs(data[most*(g1Bytes+g2Bytes)+i*fr.Bytes:]))
	}
	var few, one curve.G1Jac
	var two curve.G2Jac
	domain := fft.NewDomain(most)
	values := slices.Clone(scalars)
	domain.FFT(values, fft.DIF, fft.WithNbTasks(threads))
	fft.BitReverse(values)
	digest := digest(values)
	times := map[string]any{
		"MSM G1 2^14": clock(rounds, func() { few = sum1(points1[:fewer], scalars[:fewer], threads) }),
		"MSM G1 2^16": clock(rounds, func() { one = sum1(points1, scalars, threads) }),
		"MSM G2 2^16": clock(rounds, func() { two = sum2(points2, scalars, threads) }),
		"NTT 2^16":    clock(rounds, func() { domain.FFT(values, fft.DIF, fft.WithNbTasks(threads)) }),
	}
	var affine curve.G2Affine
	affine.FromJacobian(&two)
	times["results"] = map[string]string{
		"MSM G1 2^14": coordinates1(few), "MSM G1 2^16": coordinates1(one), "NTT 2^16": digest,
		"MSM G2 2^16": coordinates(affine.X.A0, affine.X.A1, affine.Y.A0, affine.Y.A1),
	}
	return times, nil
}

func coordinates1(sum curve.G1Jac) string {
	var affine curve.G1Affine
	affine.FromJacobian(&sum)
	return coordinates(affine.X, affine.Y)
}

// coordinates returns numbers in hexadecimal, 32 little-endian bytes each.
func coordinates(numbers ...fp.Element) string {
	var out []byte
	for i := range numbers {
		out = plain(out, numbers[i].Bits())
	}
	return hex.EncodeToString(out)
}

// digest returns the SHA-256 of values, 32 little-endian bytes each.
func digest(values []fr.Element) string {
	var out []byte
	for i := range values {
		out = plain(out, values[i].Bits())
	}
	hash := sha256.Sum256(out)
	return hex.EncodeToString(hash[:])
}

func plain(out []byte, words [4]uint64) []byte {
	for _, word := range words {
		out = binary.LittleEndian.AppendUint64(out, word)
	}
	return out
}
