/** Requests that are valid but for what chance has done to them. */
import fc, { type Arbitrary } from "fast-check";
import type { Ask } from "../../http/ask.ts";

const ID = "fbf4a1a1-b4a3-4dfe-a01f-ec52c34e16e4";
const EVENT = { eventId: ID, eventType: "t", data: { a: 1 }, metadata: { m: [] } };
const CLOUD = { specversion: "1.0", id: "1", source: "/s", type: "t", data: { a: 1 } };
const XML_EVENT = `<event><EventId>${ID}</EventId><EventType>t</EventType><Data><a>1</a></Data></event>`;
const BOMB =
	'<!DOCTYPE e [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>' +
	"<events><event>&b;&c;</event></events>";

const BODIES: readonly (readonly [type: string, body: string])[] = [
	["application/vnd.eventstore.events+json", JSON.stringify([EVENT])],
	["application/vnd.kurrent.events+json", JSON.stringify([EVENT, { ...EVENT, eventId: "x" }])],
	["application/vnd.eventstore.events+xml", `<events>${XML_EVENT}</events>`],
	["text/xml", `<events>${XML_EVENT}</events>`],
	["application/vnd.eventstore.events+xml", BOMB],
	["application/json", '{"a":[1,2.50,"\\u00e9"]}'],
	["application/xml", "<a>1</a>"],
	["application/octet-stream", "\u0000\u00ff"],
	["application/cloudevents+json", JSON.stringify(CLOUD)],
	["application/cloudevents-batch+json", JSON.stringify([CLOUD, CLOUD])],
	[
		"application/atom+xml;type=entry",
		`<entry xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:uuid:${ID}</id></entry>`,
	],
	["application/x-www-form-urlencoded", "a=b"],
];

const TYPES = [
	...BODIES.map(([type]) => type),
	"application/vnd.eventstore.atom+json",
	"application/vnd.eventstore.streamdesc+json",
	"application/atom+xml",
	"application/atomsvc+xml",
	"application/feed+json",
	"application/x-ndjson",
	"application/vnd.varve.events+ndjson",
	"text/event-stream",
	"text/html",
	"*/*",
	"application/*;q=0.5, text/xml;q=0",
	"application/json;charset=utf-16",
	";;q=",
	"/",
];

/** Segments that mean something somewhere. */
const SEGMENTS = [
	...[
		"streams",
		"streams",
		"streams",
		"s",
		"s",
		"u",
		"v",
		"$all",
		"%24all",
		"$ce-s",
		"$$s",
		"$et-t",
	],
	...["metadata", "incoming", "head", "forward", "backward", "filtered", "at", "0", "1", "20"],
	...["-1", "4097", "2147483648", "9223372036854775807", "99999999999999999999", "1e3", "0x1"],
	...["00000000000000000000000000000000", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", ID],
	...["2026-01-01T00:00:00Z", "ping", "info", "openapi.json", "health", "live", "admin"],
	...["", ".", "..", "%2F", "%00", "%zz", "%", "%C3", "%F0%9F%98%80", "a;b", "__proto__"],
];

const PATHS = [
	...["/streams/s", "/streams/s/head", "/streams/s/0", "/streams/s/0/forward/20", "/streams/$all"],
	...["/streams/s/metadata", "/streams/s/10/backward/5", `/streams/s/incoming/${ID}`],
	...["/streams/$all/filtered?context=streamid&type=regex&data=(a+)+$", "/", "/ping?format=json"],
	...["/streams/s/at/2026-01-01T00:00:00Z", "/streams/%24ce-s?embed=body", "/streams/new"],
];

const PARAMETERS = [
	"embed",
	"format",
	"i",
	"context",
	"type",
	"data",
	"lastEventId",
	"exclude-system-events",
];

const HEADERS: readonly (readonly [name: string, values: readonly string[]])[] = [
	["ES-ExpectedVersion", ["-1", "-2", "-3", "-4", "0", "99999999999999999999", "1.5", "x", ""]],
	["Kurrent-ExpectedVersion", ["-2", "abc"]],
	["ES-EventType", ["t", "", "$>", "\u00ff"]],
	["ES-EventId", [ID, "", "nope", `{${ID}}`]],
	["ES-HardDelete", ["false", "x", "True"]],
	["ES-ResolveLinkTos", ["true", "False", "x"]],
	["ES-RequireLeader", ["true", "x"]],
	["ES-RequireMaster", ["x"]],
	["ES-LongPoll", ["1", "-1", "x", "9999999999999"]],
	["ES-MinPosition", ["0", "-1", "x"]],
	["If-None-Match", ["*", '"0;1"', 'W/"x"', "nonsense", '"']],
	["If-Match", ["*", '"0;1"', "x"]],
	["Last-Event-ID", ["0", "x", "99999999999999999999"]],
	["Accept-Encoding", ["gzip", "br;q=1, identity;q=0", "*;q=0", "x"]],
	["Content-Encoding", ["gzip", "x"]],
	["Host", ["a/b", "", "example.com:99999", "[::1]"]],
	["X-Forwarded-Host", ["evil.example", "a b"]],
	["X-Forwarded-Prefix", ["/../x", "<"]],
	["Forwarded", ["for=1;host=x", ";;"]],
	["Authorization", ["Basic YWRtaW46Y2hhbmdlaXQ=", "Basic !!", "Bearer x"]],
	["Origin", ["null", "https://a.example"]],
	["Expect", ["x"]],
	["ce-specversion", ["1.0", "2"]],
	["ce-id", ["1", "%zz"]],
	["ce-type", ["t"]],
	["ce-source", ["/s", ""]],
];

/** Any byte a header may have. */
const headerText = fc
	.string({
		unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
		maxLength: 40,
	})
	.map((text) => text.replaceAll("\u007f", ""));

/** Any character a request line may have. */
const pathText = fc.string({
	unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
	maxLength: 12,
});

const segment = fc.oneof(
	{ weight: 8, arbitrary: fc.constantFrom(...SEGMENTS) },
	{ weight: 1, arbitrary: pathText },
	{ weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }).map(percentEncoded) },
);

const query = fc
	.array(
		fc.tuple(fc.constantFrom(...PARAMETERS), fc.oneof(segment, fc.constantFrom("body", "json"))),
		{
			maxLength: 3,
		},
	)
	.map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&"));

const path = fc.oneof(
	{ weight: 3, arbitrary: fc.constantFrom(...PATHS) },
	{
		weight: 2,
		arbitrary: fc
			.tuple(fc.array(segment, { maxLength: 6 }), query)
			.map(([segments, rest]) => `/${segments.join("/")}${rest === "" ? "" : `?${rest}`}`),
	},
	{
		weight: 2,
		arbitrary: fc.array(segment, { maxLength: 4 }).map((rest) => `/streams/${rest.join("/")}`),
	},
);

const mediaType = fc.oneof(
	{ weight: 6, arbitrary: fc.constantFrom(...TYPES) },
	{ weight: 1, arbitrary: headerText },
);

const header = fc
	.constantFrom(...HEADERS)
	.chain(([name, values]) =>
		fc.tuple(
			fc.constant(name),
			fc.oneof(
				{ weight: 4, arbitrary: fc.constantFrom(...values) },
				{ weight: 1, arbitrary: headerText },
			),
		),
	);

/** A valid body, whole, cut, or with bytes replaced; or none of that. */
const body = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.constantFrom(...BODIES.map(([, text]) => Buffer.from(text, "latin1"))),
	},
	{
		weight: 3,
		arbitrary: fc
			.tuple(fc.constantFrom(...BODIES), fc.nat(300), fc.uint8Array({ maxLength: 6 }), fc.nat(6))
			.map(([[, text], at, bytes, gone]) => replaced(Buffer.from(text), at, bytes, gone)),
	},
	{ weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
	{ weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
);

const method = fc.oneof(
	{ weight: 9, arbitrary: fc.constantFrom("GET", "POST", "POST") },
	{
		weight: 1,
		arbitrary: fc.constantFrom("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "PROPFIND"),
	},
);

export const request: Arbitrary<Ask> = fc
	.tuple(
		method,
		path,
		fc.option(mediaType),
		fc.option(mediaType),
		fc.array(header, { maxLength: 5 }),
		body,
	)
	.map(([verb, where, accept, type, headers, bytes]) => {
		const sent = Object.fromEntries([
			...(accept === null ? [] : [["Accept", accept]]),
			...(type === null ? [] : [["Content-Type", type]]),
			...headers,
		]);
		const reads = verb === "GET" || verb === "HEAD" || verb === "OPTIONS";
		return { method: verb, path: where, headers: sent, ...(reads ? {} : { body: bytes }) };
	});

/** A request as bytes, some of them not what they should be. */
export const requestBytes: Arbitrary<Uint8Array> = fc
	.tuple(
		fc.constantFrom(...BODIES),
		fc.constantFrom("GET", "POST"),
		fc.constantFrom(...PATHS),
		fc.array(fc.tuple(fc.nat(400), fc.uint8Array({ maxLength: 4 }), fc.nat(4)), { maxLength: 3 }),
	)
	.map(([[type, text], verb, where, changes]) => {
		const payload = verb === "GET" ? "" : text;
		const lines = [
			`${verb} ${where} HTTP/1.1`,
			"Host: localhost",
			`Content-Type: ${type}`,
			`Content-Length: ${Buffer.byteLength(payload, "latin1")}`,
			"Connection: keep-alive",
			"ES-EventType: t",
		];
		const whole = Buffer.from(`${lines.join("\r\n")}\r\n\r\n${payload}`, "latin1");
		return changes.reduce<Uint8Array>(
			(bytes, [at, put, gone]) => replaced(bytes, at, put, gone),
			whole,
		);
	});

function replaced(bytes: Uint8Array, at: number, put: Uint8Array, gone: number): Uint8Array {
	const place = bytes.length === 0 ? 0 : at % bytes.length;
	return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + gone)]);
}

function percentEncoded(text: string): string {
	return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}
