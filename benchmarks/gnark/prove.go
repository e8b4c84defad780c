package main

// Groth16's prover written with gnark-crypto's own FFT and multi-exponentiation, as gnark's backend does it: the
// quotient first, for it uses every core, then the five sums beside each other.

import (
	"sync"

	"github.com/consensys/gnark-crypto/ecc"
	curve "github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
)

type proof struct {
	a, c curve.G1Affine
	b    curve.G2Affine
}

// parallel runs work on consecutive parts of [0, n), one a thread.
func parallel(n, threads int, work func(from, to int)) {
	var group sync.WaitGroup
	for t := 0; t < threads; t++ {
		group.Add(1)
		go func(from, to int) {
			defer group.Done()
			work(from, to)
		}(t*n/threads, (t+1)*n/threads)
	}
	group.Wait()
}

func rows(matrix [][]term, plain []fr.Element, from, to int, out []fr.Element) {
	var product fr.Element
	for row := from; row < to; row++ {
		out[row].SetZero()
		for i := range matrix[row] {
			product.Mul(&matrix[row][i].value, &plain[matrix[row][i].wire])
			out[row].Add(&out[row], &product)
		}
	}
}

// quotient returns A·B − C on the odd points of the doubled domain.
func (key *provingKey) quotient(plain []fr.Element, threads int) []fr.Element {
	size := len(key.left)
	a, b, c := make([]fr.Element, size), make([]fr.Element, size), make([]fr.Element, size)
	parallel(size, threads, func(from, to int) {
		rows(key.left, plain, from, to, a)
		rows(key.right, plain, from, to, b)
		for i := from; i < to; i++ {
			c[i].Mul(&a[i], &b[i])
		}
	})
	for _, values := range [][]fr.Element{a, b, c} {
		key.domain.FFTInverse(values, fft.DIF, fft.WithNbTasks(threads))
		key.domain.FFT(values, fft.DIT, fft.OnCoset(), fft.WithNbTasks(threads))
	}
	parallel(size, threads, func(from, to int) {
		for i := from; i < to; i++ {
			a[i].Mul(&a[i], &b[i]).Sub(&a[i], &c[i])
		}
	})
	return a
}

func chosen(witness []fr.Element, wires []uint32) []fr.Element {
	scalars := make([]fr.Element, len(wires))
	for i, wire := range wires {
		scalars[i] = witness[wire]
	}
	return scalars
}

func sum1(points []curve.G1Affine, scalars []fr.Element, threads int) (sum curve.G1Jac) {
	if _, err := sum.MultiExp(points, scalars, ecc.MultiExpConfig{NbTasks: threads}); err != nil {
		panic(err)
	}
	return
}

func sum2(points []curve.G2Affine, scalars []fr.Element, threads int) (sum curve.G2Jac) {
	if _, err := sum.MultiExp(points, scalars, ecc.MultiExpConfig{NbTasks: threads}); err != nil {
		panic(err)
	}
	return
}

// prove makes a proof under the blinding (r, s); beside says whether the five sums run at the same time.
func (key *provingKey) prove(plain, witness []fr.Element, r, s fr.Element, threads int, beside bool) proof {
	odd := key.quotient(plain, threads)
	var a, b1, c, h curve.G1Jac
	var b2 curve.G2Jac
	work := []func(){
		func() { b2 = sum2(key.b2.points, chosen(witness, key.b2.wires), threads) },
		func() { h = sum1(key.h.points, chosen(odd, key.h.wires), threads) },
		func() { a = sum1(key.a.points, chosen(witness, key.a.wires), threads) },
		func() { b1 = sum1(key.b1.points, chosen(witness, key.b1.wires), threads) },
		func() { c = sum1(key.c.points, chosen(witness, key.c.wires), threads) },
	}
	var group sync.WaitGroup
	for _, one := range work {
		if !beside {
			one()
			continue
		}
		group.Add(1)
		go func() {
			defer group.Done()
			one()
		}()
	}
	group.Wait()

	times1 := func(point *curve.G1Affine, by *fr.Element) (product curve.G1Jac) {
		product.FromAffine(point)
		product.ScalarMultiplication(&product, by.BigInt(bigInt()))
		return
	}
	var rs fr.Element
	rs.Mul(&r, &s).Neg(&rs)
	delta := times1(&key.delta1, &r)
	a.AddMixed(&key.alpha1).AddAssign(&delta)
	delta = times1(&key.delta1, &s)
	b1.AddMixed(&key.beta1).AddAssign(&delta)
	var delta2 curve.G2Jac
	delta2.FromAffine(&key.delta2)
	delta2.ScalarMultiplication(&delta2, s.BigInt(bigInt()))
	b2.AddMixed(&key.beta2).AddAssign(&delta2)

	scaled := a
	scaled.ScalarMultiplication(&scaled, s.BigInt(bigInt()))
	c.AddAssign(&h).AddAssign(&scaled)
	scaled = b1
	scaled.ScalarMultiplication(&scaled, r.BigInt(bigInt()))
	delta = times1(&key.delta1, &rs)
	c.AddAssign(&scaled).AddAssign(&delta)

	var made proof
	made.a.FromJacobian(&a)
	made.b.FromJacobian(&b2)
	made.c.FromJacobian(&c)
	return made
}
