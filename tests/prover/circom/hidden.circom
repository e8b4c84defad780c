pragma circom 2.0.0;

// Nothing is public: somebody knows two numbers whose squares differ by 105.
template Squares() {
    signal input x;
    signal input y;
    signal xx;
    xx <== x * x;
    y * y === xx - 105;
}

component main = Squares();
