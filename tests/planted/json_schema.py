"""Checks a JSON value against the part of JSON Schema that data/verify.schema.json uses."""
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "enum", "anyOf", "oneOf", "required", "properties",
         "additionalProperties", "items", "minimum"}


def is_type(value, name):
    if name in ("number", "integer"):
        whole = isinstance(value, int) or isinstance(value, float) and value.is_integer()
        return not isinstance(value, bool) and isinstance(value, (int, float)) and (name == "number" or whole)
    return isinstance(value, TYPES[name])


def problems(value, schema, root=None, where="$"):
    """A list of sentences, each with the place in the value; empty when it fits."""
    root = root or schema
    unknown = set(schema) - KNOWN
    if unknown:
        raise ValueError(f"the schema uses {', '.join(sorted(unknown))}, which this checker does not know")
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].split("/")[1:]:
            target = target[part]
        return problems(value, target, root, where)
    if "anyOf" in schema:
        tried = [problems(value, option, root, where) for option in schema["anyOf"]]
        return [] if [] in tried else [f"{where}: {value!r} fits none of {len(tried)} alternatives"]
    if "oneOf" in schema:
        tried = [problems(value, option, root, where) for option in schema["oneOf"]]
        if tried.count([]) == 1:
            return []
        # What is wrong with the alternative that comes closest says more than that none fits.
        return min(tried, key=len) or [f"{where}: fits {tried.count([])} of {len(tried)} alternatives, expected one"]
    found = []
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_type(value, name) for name in types):
        return [f"{where}: {value!r} is not of type {' or '.join(types)}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is not one of {', '.join(map(repr, schema['enum']))}")
    if "minimum" in schema and value is not None and value < schema["minimum"]:
        found.append(f"{where}: {value} is below {schema['minimum']}")
    if isinstance(value, dict):
        found += problems_of_object(value, schema, root, where)
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += problems(item, schema.get("items", {}), root, f"{where}[{index}]")
    return found


def problems_of_object(value, schema, root, where):
    properties = schema.get("properties", {})
    found = [f"{where}: no key {key}" for key in schema.get("required", []) if key not in value]
    for key, item in value.items():
        if key in properties:
            found += problems(item, properties[key], root, f"{where}.{key}")
        elif schema.get("additionalProperties", True) is False:
            found.append(f"{where}: unknown key {key}")
    return found
