// A small OpenTelemetry Collector: takes traces by OTLP/HTTP in JSON, checks their form, and keeps the spans.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";

const digits = (count) => (value) => new RegExp(`^[0-9a-f]{${count}}$`).test(value) && !/^0+$/.test(value);
const text = (value) => typeof value === "string";
// OTLP's JSON writes 64-bit integers as strings.
const int64 = (value) => /^-?\d+$/.test(value);
const enumeration = (most) => (value) => Number.isInteger(value) && value >= 0 && value <= most;

// The messages of opentelemetry-proto (collector/trace/v1, trace/v1, resource/v1, common/v1) as far as an exporter may use
// them, by their JSON names. A list in brackets is a repeated field.
const value = { stringValue: text, intValue: int64, boolValue: (v) => typeof v === "boolean", doubleValue: Number.isFinite };
const attributes = [{ key: text, value }];
const span = { traceId: digits(32), spanId: digits(16), parentSpanId: digits(16), traceState: text, flags: Number.isInteger, name: text,
  kind: enumeration(5), startTimeUnixNano: int64, endTimeUnixNano: int64, attributes, droppedAttributesCount: Number.isInteger,
  status: { code: enumeration(2), message: text } };
const request = { resourceSpans: [{ resource: { attributes }, schemaUrl: text,
  scopeSpans: [{ scope: { name: text, version: text, attributes }, spans: [span], schemaUrl: text }] }] };

function check(object, form, path) {
  if (typeof form === "function") {
    assert.ok(form(object), `${path} is ${JSON.stringify(object)}`);
  } else if (Array.isArray(form)) {
    assert.ok(Array.isArray(object), `${path} is no list`);
    object.forEach((item, i) => check(item, form[0], `${path}[${i}]`));
  } else {
    for (const [name, item] of Object.entries(object)) {
      assert.ok(form[name], `${path} has no field ${name}`);
      check(item, form[name], `${path}.${name}`);
    }
  }
}

const values = (list) => Object.fromEntries(list.map(({ key, value: { stringValue, intValue } }) => [key, stringValue ?? Number(intValue)]));

export class Collector {
  spans = [];
  faults = [];
  bodies = [];
  status = 200;

  static async start(address = "127.0.0.1") {
    const collector = new Collector();
    collector.server = createServer((incoming, response) => collector.#take(incoming, response));
    collector.server.listen(0, address);
    await once(collector.server, "listening");
    collector.endpoint = `http://${address}:${collector.server.address().port}`;
    return collector;
  }

  async #take(incoming, response) {
    const chunks = [];
    for await (const chunk of incoming) {
      chunks.push(chunk);
    }
    if (this.status === 200) {
      try {
        assert.equal(`${incoming.method} ${incoming.url} ${incoming.headers["content-type"]}`, "POST /v1/traces application/json");
        this.#keep(JSON.parse(Buffer.concat(chunks)));
        this.bodies.push(Buffer.concat(chunks).toString());
      } catch (error) {
        this.faults.push(error.message);
      }
    }
    response.writeHead(this.status, { "content-type": "application/json" }).end("{}");
  }

  #keep(object) {
    check(object, request, "request");
    for (const { resource, scopeSpans } of object.resourceSpans) {
      const { "service.name": service, "service.instance.id": instance } = values(resource.attributes);
      for (const { spans } of scopeSpans) {
        this.spans.push(...spans.map((one) => ({ ...one, service, instance, attributes: values(one.attributes),
          start: BigInt(one.startTimeUnixNano), end: BigInt(one.endTimeUnixNano) })));
      }
    }
  }

  // The spans of a message's trace.
  of(id) {
    return this.spans.filter(({ traceId }) => traceId === id.replaceAll("-", "").toLowerCase());
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
