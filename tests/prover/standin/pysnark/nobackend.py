"""The backend that nothing proves with: what a program gets that asks for no other."""


class Nothing:
    def __add__(self, other):
        return self

    def __mul__(self, factor):
        return self

    def __neg__(self):
        return self


def privval(val):
    return Nothing()


pubval = privval


def zero():
    return Nothing()


one = zero


def add_constraint(v, w, y):
    pass


def prove():
    print("nothing is proved")
