/** Lines of a file as the events of a log; what a line does not say is counted. */
import { parseTime } from "../../../feeds/time.ts";
import type { Definition, ScriptEvent } from "../../projections/script/script.ts";
import { type Line, lineFailure } from "../import/event.ts";

export class FileEvents {
	readonly #sources: Definition["sources"];
	readonly #versions = new Map<string, number>();
	#position = 0;

	constructor(sources: Definition["sources"]) {
		this.#sources = sources;
	}

	/** @returns undefined if the projection does not read the event */
	next({ number, stream, members }: Line): ScriptEvent | undefined {
		const version = countOf(members.version, number) ?? this.#versions.get(stream) ?? 0;
		const position = countOf(members.position, number) ?? this.#position;
		this.#versions.set(stream, version + 1);
		this.#position = position + 1;
		const type = String(jsonOf(members.type));
		if (!isRead(this.#sources, stream, type)) return undefined;
		const data = contentOf(members.data, members.dataBase64);
		const isJson = members.isJson === "true" || members.data !== undefined;
		return {
			...{ position, stream, number: version, type, isJson, data },
			id: String(jsonOf(members.id) ?? `line-${number}`),
			created: parseTime(String(jsonOf(members.created))) ?? 0,
			metadata: contentOf(members.metadata, members.metadataBase64),
		};
	}
}

/** As the index streams of a server are made: see docs/http-api.md. */
function isRead(sources: Definition["sources"], stream: string, type: string): boolean {
	if (sources.kind === "all") return true;
	const dash = stream.indexOf("-");
	const category = dash > 0 && !stream.startsWith("$") ? stream.slice(0, dash) : undefined;
	if (sources.kind === "categories")
		return category !== undefined && sources.categories.includes(category);
	return sources.streams.some((name) => [stream, `$ce-${category}`, `$et-${type}`].includes(name));
}

function countOf(json: string | undefined, line: number): number | undefined {
	if (json === undefined) return undefined;
	const value = Number(json);
	if (Number.isSafeInteger(value) && value >= 0) return value;
	throw lineFailure(line, "version or position is no whole number from 0");
}

/** Members are latin1 text: one character for each byte of UTF-8. */
function contentOf(json: string | undefined, base64: string | undefined): string {
	if (base64 !== undefined) return Buffer.from(String(jsonOf(base64)), "base64").toString();
	return json === undefined ? "" : utf8(json);
}

function jsonOf(json: string | undefined): unknown {
	return json === undefined ? undefined : JSON.parse(utf8(json));
}

function utf8(latin1: string): string {
	return Buffer.from(latin1, "latin1").toString();
}
