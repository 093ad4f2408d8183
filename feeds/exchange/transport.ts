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
	"--ca ca.pem for varve, NODE_EXTRA_CA_CERTS=ca.pem for other programs";

const EXPIRED =
	"the server's certificate is not valid today: it has expired or is not valid yet, or the clock " +
	"of this machine is wrong";
const OTHER_NAME =
	"the server's certificate is for another name than the host in the URL; take a name that the " +
	"certificate has";
const REVOKED = "the server's certificate cannot be used: it is malformed, forged or revoked";
const NO_COMMON_TLS =
	"the server and this program have no version or cipher of TLS in common, or the server asks " +
	"for a certificate of the client's";

/** The Fetch standard has a list of such ports, and its error has no code. */
const BLOCKED_PORT =
	"fetch never connects to this port, as it belongs to another protocol; take another port";

const OPENSSL_SAYS = /wrong version number|packet length too long/;
/** How the parser's message begins; in Node.js 24 it has no code. */
const NO_STATUS_LINE = "Response does not match the HTTP/";

const WORDS: ReadonlyMap<string, string> = new Map([
	["ERR_SSL_WRONG_VERSION_NUMBER", WITHOUT_TLS],
	["ERR_SSL_PACKET_LENGTH_TOO_LONG", WITHOUT_TLS],
	["DEPTH_ZERO_SELF_SIGNED_CERT", UNKNOWN_SIGNER],
	["SELF_SIGNED_CERT_IN_CHAIN", UNKNOWN_SIGNER],
	["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNKNOWN_SIGNER],
	["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNKNOWN_SIGNER],
	["UNABLE_TO_GET_ISSUER_CERT", UNKNOWN_SIGNER],
	["CERT_UNTRUSTED", UNKNOWN_SIGNER],
	["CERT_HAS_EXPIRED", EXPIRED],
	["CERT_NOT_YET_VALID", EXPIRED],
	["ERR_TLS_CERT_ALTNAME_INVALID", OTHER_NAME],
	["HOSTNAME_MISMATCH", OTHER_NAME],
	["CERT_SIGNATURE_FAILURE", REVOKED],
	["CERT_REVOKED", REVOKED],
	["CERT_REJECTED", REVOKED],
	["CERT_CHAIN_TOO_LONG", REVOKED],
	["INVALID_CA", REVOKED],
	["INVALID_PURPOSE", REVOKED],
	["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", NO_COMMON_TLS],
	["ERR_SSL_UNSUPPORTED_PROTOCOL", NO_COMMON_TLS],
	["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", NO_COMMON_TLS],
	["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", NO_COMMON_TLS],
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
	if (typeof message === "string" && message.startsWith(NO_STATUS_LINE)) return NOT_HTTP;
	return typeof code === "string" ? WORDS.get(code) : undefined;
}
