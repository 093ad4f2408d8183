/** Answers as docs/http-api.md shows them: what differs from run to run replaced, and indented. */

const MOMENT = "2026-03-01T14:00:00.123Z";
const RANDOM_ID = "b0f9e2a4-7c1d-4e3b-9a52-6d8f0c1e2a3b";
const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;
/** In columns; what is longer is broken. */
const WIDTH = 100;

/** Those every answer has alike; the page shows them once. */
const EVERYWHERE = /^(?:Access-Control-[\w-]+|Date|Connection|Keep-Alive): /;

/**
 * @param answer as curl writes it, headers first
 * @param known the ids that clients chose, which stay
 * @param whole shows the headers that every answer has, too
 */
export function shown(answer: string, known: ReadonlySet<string>, whole: boolean): string {
	const end = answer.indexOf("\r\n\r\n");
	const lines = answer.slice(0, end).split("\r\n");
	const sent = answer.slice(end + "\r\n\r\n".length);
	const body = steady(sent, known);
	// A time may be shorter by the zeros at its end.
	const [before, after] = [sent, body].map((text) => `Content-Length: ${Buffer.byteLength(text)}`);
	const head = lines
		.filter((line) => whole || !EVERYWHERE.test(line))
		.map((line) => (line === before ? after : steady(steadyHeader(line), known)));
	const type = lines.find((line) => /^content-type: /i.test(line)) ?? "";
	return `${head.join("\n")}\n${body === "" ? "" : `\n${indented(type, body).trimEnd()}\n`}`;
}

/** The ids a command holds. */
export function idsIn(command: string): string[] {
	return command.match(UUID) ?? [];
}

function steady(text: string, known: ReadonlySet<string>): string {
	return (
		text
			.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z/g, MOMENT)
			.replace(/\d\d:\d\d:\d\d\.\d{7}/g, "00:00:00.0123456")
			// The server of the page has just started, unless the machine is slow.
			.replace(/(?<="figures":\[)\{.*\}(?=\]\}$)/, "")
			.replace(/(?<="token":"|token=(?:[\w-]{8}\.\d+,)*)[\w-]{8}(?=\.\d)/g, "Ff6G_h7I")
			// A checkpoint is written a second later, or sooner on a slow machine.
			.replace(/"lastCheckpointedEventPosition":"\d+",/g, "")
			.replace(/"lagSeconds":\d+/g, '"lagSeconds":0')
			.replace(/"leaseLeftMilliseconds":\d+/g, '"leaseLeftMilliseconds":300000')
			// How far projections are is a matter of milliseconds.
			.replace(
				/"(coreProcessingTime|heapBytes|lagEvents|handledEvents|progress)":[\d.]+/g,
				'"$1":0',
			)
			.replace(/\{\\"\$c\\":\d+,\\"\$p\\":-?\d+\}/g, String.raw`{\"$c\":75,\"$p\":75}`)
			.replace(/"lastCheckpoint":"(?:[^"\\]|\\.)*"/g, '"lastCheckpoint":"…"')
			.replace(/(?<=^\{"projections":\[\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}),\{.*(?=\]\}$)/, "")
			.replace(/"averageItemsPerSecond":\d+/g, '"averageItemsPerSecond":1')
			.replace(/"(from|connectionName)":"connection \d+"/g, '"$1":"connection 7"')
			.replace(UUID, (id) => (known.has(id) ? id : RANDOM_ID))
			.replace(/"milliseconds":\d+/g, '"milliseconds":2')
			.replace(/"eventsPerSecond":\d+/g, '"eventsPerSecond":2000')
			.replace(/"(databaseBytes|walBytes)":\d+/g, '"$1":4194304')
			.replace(/"node":"v[\d.]+"/g, '"node":"v24.12.0"')
			.replace(/varve\/[0-9a-f]{16}/g, "varve/1f0c6e6a3f2b9d71")
			.replace(/(?<=\+)[0-9a-f]{8}\+[\w+/]{44}/g, `8c1b2f7e+${"Aa1+".repeat(11)}`)
			.replace(/\bvarve_\w{12}_\w{46}\b/g, `varve_3C5mBjJxY58e_${"Ee5F".repeat(11)}Gg`)
			.replace(/(?<="id":"|\/tokens\/)[0-9A-Za-z]{12}(?="|$)/g, "3C5mBjJxY58e")
			.replace(
				/(?<="(?:hash|dataDigest|metadataDigest)":")[\w+/]{43}=/g,
				`${"Dd4/".repeat(10)}Dd4=`,
			)
			.replace(/\b(whsec|whpk)_[\w+/]{43}=/g, `$1_${"Aa1+".repeat(10)}Aa1=`)
			.replace(/\bmsg_\w{27,28}\b/g, `msg_${"Bb2Cc".repeat(5)}`)
			.replace(/\b(?!0{32})[0-9a-f]{32}(?=\/jwks\.json)/g, "c58de20a8469567bd7b0907327be8703")
			.replace(/"durationMs":\d+/g, '"durationMs":3')
			.replace(/^[\w+/]{43}=$/gm, `${"Bb2/".repeat(10)}Bb2=`)
			.replace(/(?<=^— \S+ )[\w+/=]{92}$/gm, "Cc3+".repeat(23))
	);
}

function steadyHeader(line: string): string {
	if (line.startsWith("Date: ")) return "Date: Sun, 01 Mar 2026 14:00:00 GMT";
	// That of /openapi.json, which changes with each word of it.
	return line
		.replace(/^ETag: "[\w-]{22}"$/, 'ETag: "…"')
		.replace(/^ETag: "\d{13}"$/, 'ETag: "1772373600123"')
		.replace(/^Varve-Rights: [0-9a-f]{16}$/, "Varve-Rights: a4ca71f9833aaaf5");
}

function indented(type: string, body: string): string {
	if (/json/.test(type) && !/ndjson/.test(type)) return indentedJson(body);
	return /xml/.test(type) ? indentedXml(body) : body;
}

/** Its tokens stay as they are, so that 1.10 is not shown as 1.1. */
function indentedJson(json: string, depth = 0): string {
	const text = json.trim();
	if (depth * 2 + text.length <= WIDTH || !/^[[{]/.test(text)) return text;
	const inner = "  ".repeat(depth + 1);
	const parts = membersOf(text.slice(1, -1)).map((member) => {
		const [, name = "", value = ""] = /^("(?:[^"\\]|\\.)*":)?([\s\S]*)$/.exec(member.trim()) ?? [];
		return `${inner}${name}${name === "" ? "" : " "}${indentedJson(value, depth + 1)}`;
	});
	return `${text[0]}\n${parts.join(",\n")}\n${"  ".repeat(depth)}${text.at(-1)}`;
}

/** What stands between the commas of an object or an array. */
function membersOf(text: string): string[] {
	const members = [""];
	let depth = 0;
	for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[^"]/g)) {
		if (token === "{" || token === "[") depth++;
		if (token === "}" || token === "]") depth--;
		if (token === "," && depth === 0) members.push("");
		else members[members.length - 1] += token;
	}
	return members;
}

/** An element that holds only text stays on one line. */
function indentedXml(xml: string): string {
	let depth = 0;
	const lines = xml.replace(/>\s*</g, ">\n<").split("\n");
	return lines
		.map((line) => {
			if (line.startsWith("</")) depth--;
			const indent = "  ".repeat(Math.max(depth, 0));
			const opens = /^<[^/?!]/.test(line) && !line.includes("</") && !line.endsWith("/>");
			if (opens) depth++;
			return indent + line;
		})
		.join("\n");
}
