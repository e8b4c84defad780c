pragma circom 2.0.0;

// One public output, no public input: p is the product of n hidden factors, none of them 1.
template Multiplier(n) {
    signal input factor[n];
    signal output p;
    signal partial[n];
    signal apart[n];

    partial[0] <== factor[0];
    for (var i = 1; i < n; i++) {
        partial[i] <== partial[i - 1] * factor[i];
    }
    for (var i = 0; i < n; i++) {
        apart[i] <-- 1 / (factor[i] - 1);
        apart[i] * (factor[i] - 1) === 1;
    }
    p <== partial[n - 1];
}

component main = Multiplier(3);
