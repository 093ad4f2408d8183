/**
 * Faults of the connection, in words. OpenSSL and the parser of HTTP tell only what they met, not
 * what was done wrong: a URL with https for a port that speaks plain HTTP, or the other way round.
 */
const WITHOUT_TLS = "the server does not use TLS at this port; write http:// in place of https://";
const NOT_HTTP =
	"the answer is not HTTP; if the server uses TLS at this port, write https:// in place of http://";
const UNKNOWN_SIGNER =
	"this machine does not trust the server's certificate; if you do, name its authority: " +
	"NODE_EXTRA_CA_CERTS=ca.pem";

/** The Fetch standard has a list of such ports, and its error has no code. */
const BLOCKED_PORT =
	"fetch never connects to this port, as it belongs to another protocol; take another port";

/** How the parser's message begins; in Node.js 24 it has no code. */
const NO_STATUS_LINE = "Response does not match the HTTP/";

const WORDS: ReadonlyMap<string, string> = new Map([
	["ERR_SSL_WRONG_VERSION_NUMBER", WITHOUT_TLS],
	["ERR_SSL_PACKET_LENGTH_TOO_LONG", WITHOUT_TLS],
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
	if (typeof message === "string" && message.startsWith(NO_STATUS_LINE)) return NOT_HTTP;
	return typeof code === "string" ? WORDS.get(code) : undefined;
}
