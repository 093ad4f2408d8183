/**
 * Faults of the connection, in words. OpenSSL and the parser of HTTP tell only what they met, not
 * what was done wrong: a URL with https for a port that speaks plain HTTP, or the other way round.
 */

/** As much of `fetch` as this client uses. */
export type Fetcher = (url: string, request: FetcherRequest) => Promise<FetcherResponse>;

export type FetcherRequest = {
	readonly method: string;
	readonly headers: Record<string, string>;
	readonly body?: Uint8Array<ArrayBuffer> | string;
	/** Redirects are answers. */
	readonly redirect: "manual";
	readonly signal: AbortSignal;
};

export type FetcherResponse = {
	readonly status: number;
	readonly statusText: string;
	readonly headers: Fields;
	readonly body: FetcherBody | null;
};

/** Header fields. Several of one name are one value, with commas between them. */
export type Fields = { get(name: string): string | null };

export type FetcherBody = {
	cancel(): Promise<unknown>;
	getReader(): { read(): Promise<FetcherChunk>; cancel(): Promise<unknown> };
};

export type FetcherChunk =
	| { readonly done: false; readonly value: Uint8Array }
	| { readonly done: true };
const WITHOUT_TLS = "the server does not use TLS at this port; write http:// in place of https://";
const NOT_HTTP =
	"the answer is not HTTP; if the server uses TLS at this port, write https:// in place of http://";
const UNKNOWN_SIGNER =
	"this machine does not trust the server's certificate; if you do, name its authority: " +
	"NODE_EXTRA_CA_CERTS=ca.pem";

/** The Fetch standard has a list of such ports, and its error has no code. */
const BLOCKED_PORT =
	"fetch never connects to this port, as it belongs to another protocol; take another port";

const OPENSSL_SAYS = /wrong version number|packet length too long/;

const WORDS: ReadonlyMap<string, string> = new Map([
	["ERR_SSL_WRONG_VERSION_NUMBER", WITHOUT_TLS],
	["ERR_SSL_PACKET_LENGTH_TOO_LONG", WITHOUT_TLS],
	["HPE_INVALID_CONSTANT", NOT_HTTP],
	["DEPTH_ZERO_SELF_SIGNED_CERT", UNKNOWN_SIGNER],
	["SELF_SIGNED_CERT_IN_CHAIN", UNKNOWN_SIGNER],
	["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNKNOWN_SIGNER],
	["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNKNOWN_SIGNER],
]);

/**
 * What to do about a fault that no repeat can mend, because no connection comes about; undefined
 * for any other. The server has received nothing.
 */
export function neverConnects(error: unknown): string | undefined {
	const fault = transportFault(error);
	return fault === NOT_HTTP ? undefined : fault;
}

/** What to do about the fault; undefined if its own message says it well enough. */
export function transportFault(error: unknown): string | undefined {
	const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
	if (message === "bad port") return BLOCKED_PORT;
	// node:https has what OpenSSL said in the message alone.
	if (code === "EPROTO") return OPENSSL_SAYS.test(String(message)) ? WITHOUT_TLS : undefined;
	return typeof code === "string" ? WORDS.get(code) : undefined;
}
