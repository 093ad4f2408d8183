/**
 * The certificate of the server and its key, as their files hold them.
 *
 * They are read together and tried together, so a server never has the one of before and the other
 * of today: whoever renews them may be between the two files.
 */
import { constants, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { Refusal } from "../../errors.ts";
import { readSmallFile } from "../../options/bounded.ts";

/** A chain of certificates takes some kilobytes. */
const PEM_BYTES_MAX = 1024 * 1024;

/** The files of TLS, in PEM. */
export type CertificateFiles = {
	readonly cert: string;
	readonly key: string;
	/** The authorities of client certificates; undefined if the server asks for none. */
	readonly clientCa: string | undefined;
};

export type Certificates = {
	readonly context: SecureContextOptions;
	/** What the operator log says of the certificate. */
	readonly shown: {
		readonly subject: string;
		readonly names: string;
		readonly until: string;
		readonly fingerprint: string;
	};
	/** Milliseconds since 1970. */
	readonly untilMs: number;
};

type TlsOptions = {
	readonly tlsCert: string | undefined;
	readonly tlsKey: string | undefined;
	readonly tlsClientCa: string | undefined;
};

/** @returns undefined if the server is to speak plain HTTP */
export function certificateFiles({
	tlsCert: cert,
	tlsKey: key,
	tlsClientCa: clientCa,
}: TlsOptions): CertificateFiles | undefined {
	return cert === undefined || key === undefined ? undefined : { cert, key, clientCa };
}

/** @throws Refusal `invalid-option` if a file cannot be used, or the key fits no certificate */
export function readCertificates({ cert, key, clientCa }: CertificateFiles): Certificates {
	const pem = readPem("--tls-cert", cert);
	const shown = tried("--tls-cert", cert, () => new X509Certificate(pem));
	const keyPem = readPem("--tls-key", key);
	// A client could ask again and again for a handshake, which costs it nothing.
	const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
	const own = { cert: pem, key: keyPem, minVersion: "TLSv1.2", secureOptions } as const;
	tried("--tls-key", key, () => createSecureContext(own));
	const ca = clientCa === undefined ? undefined : readPem("--tls-client-ca", clientCa);
	if (ca !== undefined) tried("--tls-client-ca", clientCa ?? "", () => new X509Certificate(ca));
	return {
		context: ca === undefined ? own : { ...own, ca },
		shown: {
			subject: oneLine(shown.subject),
			names: oneLine(shown.subjectAltName ?? ""),
			until: new Date(shown.validTo).toISOString(),
			fingerprint: shown.fingerprint256,
		},
		untilMs: Date.parse(shown.validTo),
	};
}

function readPem(option: string, path: string): string {
	return tried(option, path, () => readSmallFile(path, PEM_BYTES_MAX));
}

function tried<T>(option: string, path: string, use: () => T): T {
	try {
		return use();
	} catch (error) {
		const { message } = error as Error;
		const reason = `it cannot be used: ${REASONS.find(([says]) => says.test(message))?.[1] ?? message}`;
		throw new Refusal("invalid-option", { option, value: path, reason });
	}
}

/** What OpenSSL and the system say, in words. */
const REASONS: readonly (readonly [RegExp, string])[] = [
	[/key values mismatch/i, "it is the key of another certificate"],
	[
		/passphrase|bad decrypt|interrupted or cancelled/i,
		"it is encrypted; the server takes a plain one",
	],
	[/no start line|DECODER routines|PEM routines|asn1|bad base64/i, "it holds no PEM of this kind"],
];

/** X.509 writes the parts of a name on lines of their own. */
function oneLine(text: string): string {
	return text.replaceAll("\n", ", ");
}
