// Renders /openapi.json: one block for each operation, shapes expanded one level.
"use strict";

const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

const named = (schema) => (schema && schema.$ref ? schema.$ref.split("/").pop() : null);

const typeOf = (schema) => {
  if (!schema) return "";
  const name = named(schema);
  if (name) return name;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.type === "array") return schema.prefixItems ? `[${schema.prefixItems.map(typeOf).join(", ")}]` : `[${typeOf(schema.items)}]`;
  return schema.type || "any";
};

const fieldsOf = (schema, components) => {
  const inner = schema.type === "array" ? schema.items : schema;
  const shape = named(inner) ? components[named(inner)] : inner;
  const required = new Set(shape.required || []);
  const rows = Object.entries(shape.properties || {}).map(([name, field]) =>
    make("tr", {}, make("td", {}, make("code", { textContent: name })), make("td", { textContent: typeOf(field) }),
      make("td", { className: "soft", textContent: required.has(name) ? "" : "optional" })));
  return make("div", {}, make("p", { textContent: shape.description || "" }), make("table", {}, ...rows));
};

const operationBlock = (method, path, operation, components) => {
  const inside = make("div", { className: "inside" });
  if (operation.description) inside.append(make("p", { textContent: operation.description }));
  for (const field of operation.parameters || []) {
    inside.append(make("div", {}, make("code", { textContent: field.name }), ` (${field.in}) ${field.description || ""}`));
  }
  const body = operation.requestBody && operation.requestBody.content["application/json"].schema;
  if (body) inside.append(make("h3", { textContent: `Body: ${typeOf(body)}` }), fieldsOf(body, components));
  const [status, answer] = Object.entries(operation.responses)[0];
  const schema = answer.content["application/json"].schema;
  inside.append(make("h3", { textContent: `Answer ${status}: ${typeOf(schema)}` }), fieldsOf(schema, components));
  const head = make("summary", {}, make("span", { className: "method", textContent: method.toUpperCase() }),
    make("code", { textContent: path }), make("span", { className: "soft", textContent: operation.summary }));
  return make("details", {}, head, inside);
};

const show = (api) => {
  const place = document.getElementById("operations");
  place.replaceChildren();
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operationBlock(method, path, operation, api.components.schemas));
    }
  }
  for (const [tag, blocks] of groups) place.append(make("h2", { textContent: tag }), ...blocks);
};

document.getElementById("example").textContent =
  `curl ${location.origin}/v1/orders -H "Isthmus-Key: $KEY" -H "Isthmus-Secret: $SECRET" \\\n` +
  `  -d '{"instrument": "BTC-USD", "side": "buy", "type": "market", "quantity": "0.01"}'`;
fetch("/openapi.json").then((answer) => answer.json()).then(show).catch((error) => {
  document.getElementById("operations").textContent = `The document could not be read: ${error}`;
});
