/** Requests to an issuer: it is somebody else's server, so its answers have an end and a time. */

const ANSWER_MS = 5000;
/** Keys and settings take a few kilobytes. */
const BODY_BYTES_MAX = 512 * 1024;

/** @throws Error if there is no answer in time, or one that is too long, or leads elsewhere */
export async function fetchIssuer(url: string, init: RequestInit = {}): Promise<Response> {
	const signal = AbortSignal.timeout(ANSWER_MS);
	const answer = await fetch(url, { ...init, redirect: "error", signal });
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of answer.body ?? []) {
		bytes += chunk.length;
		if (bytes > BODY_BYTES_MAX) throw new Error(`the answer of ${url} is too long`);
		chunks.push(chunk);
	}
	const { status, headers } = answer;
	const type = headers.get("content-type") ?? "";
	return new Response(Buffer.concat(chunks), { status, headers: { "content-type": type } });
}

/** @throws Error if it is no JSON object, too */
export async function fetchObject(
	url: string,
	init: RequestInit = {},
): Promise<Readonly<Record<string, unknown>>> {
	const answer = await fetchIssuer(url, init);
	const text = await answer.text();
	if (answer.status !== 200) throw new Error(`${url} answers with ${answer.status}`);
	const value: unknown = JSON.parse(text);
	if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
	throw new Error(`the answer of ${url} is no object`);
}
