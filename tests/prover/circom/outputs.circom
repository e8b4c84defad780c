pragma circom 2.0.0;

// Two public outputs before two public inputs; `spare` is hidden and in no constraint.
template Both() {
    signal input price;
    signal input size;
    signal input spare;
    signal input rate;
    signal output notional;
    signal output charge;
    signal scaled;

    scaled <== 2 * rate + 1;
    notional <== price * size;
    charge <== notional * scaled;
}

component main {public [price, rate]} = Both();
