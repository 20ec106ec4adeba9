"""Writes an ONNX model of one MultiHeadAttention node: the few fields of the format that it needs, by hand, so
that no package is needed (onnx.proto3 has their numbers)."""


def varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def field(number, value):
    """A whole number, or the bytes of a string or of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def attribute(name, value):
    return field(1, name) + field(3, value) + field(20, 2)  # type INT


def tensor_info(name, axes):
    dimensions = b"".join(field(1, field(1, axis) if isinstance(axis, int) else field(2, axis)) for axis in axes)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dimensions)))  # element type FLOAT


def attention_model(heads, width, causal):
    names = ["query", "key", "value"]
    node = b"".join(field(1, name) for name in names) + field(2, "output") + field(4, "MultiHeadAttention")
    node += field(5, attribute("num_heads", heads)) + field(5, attribute("unidirectional", int(causal)))
    node += field(7, "com.microsoft")
    axes = [1, "length", width]
    graph = field(1, node) + field(2, "attention") + b"".join(field(11, tensor_info(name, axes)) for name in names)
    graph += field(12, tensor_info("output", axes))
    opsets = field(8, field(1, "") + field(2, 17)) + field(8, field(1, "com.microsoft") + field(2, 1))
    return field(1, 8) + field(7, graph) + opsets  # IR version 8
