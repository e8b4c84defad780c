pragma circom 2.0.0;

template Bits(n) {
    signal input in;
    signal output bit[n];
    var sum = 0;
    for (var i = 0; i < n; i++) {
        bit[i] <-- (in >> i) & 1;
        bit[i] * (bit[i] - 1) === 0;
        sum += bit[i] * (1 << i);
    }
    sum === in;
}

// The hidden balance is at least the public limit, both of n bits; `memo` is public and in no constraint.
template AtLeast(n) {
    signal input limit;
    signal input memo;
    signal input balance;
    component small[2];
    small[0] = Bits(n);
    small[0].in <== limit;
    small[1] = Bits(n);
    small[1].in <== balance;
    component rest = Bits(n);
    rest.in <== balance - limit;
}

component main {public [limit, memo]} = AtLeast(16);
