/**
 * Writes the head of an answer. Node checks and joins the fields of each answer anew: an eighth of
 * the work of a small one. So it gets only the fields that are an answer's own, and the others come
 * as lines. Those that Node itself goes by are never among them: `Content-Length`, `Connection`
 * and their like.
 */
import { ServerResponse } from "node:http";

export type Head = {
	readonly status: number;
	/** The reason phrase; if it is left out, HTTP's own. */
	readonly reason?: string;
	/** Names and values in turn: name, value, name, value … */
	readonly headers: readonly string[];
	/** More of them, as the lines that are sent. */
	readonly lines?: string;
};

/** Node's own step from fields to the head as text: in every version, and in no document. */
type Storing = {
	_storeHeader?: (firstLine: string, headers: unknown) => void;
	/** With the empty line at its end. */
	_header?: string | null;
};

const storeHeader = storeHeaderOf(ServerResponse.prototype as Storing);
const LINE_END = "\r\n";

/**
 * @param shared lines of fields that every answer of the route has; they come last
 * @param text a short body, a character for each byte. It follows the head as a part of it, since
 *   one piece takes Node less than two. To HEAD, it is not sent
 */
export function writeHead(
	res: ServerResponse,
	{ status, reason, headers, lines = "" }: Head,
	shared: string,
	text = "",
): void {
	const storing = res as Storing;
	const body = res.req.method === "HEAD" ? "" : text;
	// On the response itself, since Express gives it another prototype.
	storing._storeHeader = (firstLine, fields) => {
		storeHeader.call(storing, firstLine + lines, fields);
		const head = storing._header as string;
		storing._header = head.slice(0, -LINE_END.length) + shared + LINE_END + body;
	};
	if (reason === undefined) res.writeHead(status, headers as string[]);
	else res.writeHead(status, reason, headers as string[]);
}

/** @throws Error if Node has no such step: answers would lack their lines */
function storeHeaderOf({ _storeHeader }: Storing): NonNullable<Storing["_storeHeader"]> {
	if (_storeHeader === undefined) throw new Error(`Node.js ${process.version} is not supported`);
	return _storeHeader;
}
