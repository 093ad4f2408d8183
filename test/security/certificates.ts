/**
 * Certificates for tests, made in the process: an authority, and what it signs. X.509 in DER
 * (RFC 5280), with keys on P-256.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export type Made = { readonly cert: string; readonly key: string };

export type Authority = Made & {
	/** Signs a certificate. */
	issue(wanted: Wanted): Made;
};

type Wanted = {
	readonly name: string;
	/** DNS names and IPv4 addresses. */
	readonly hosts?: readonly string[];
	readonly until?: Date;
};

const DAY_MS = 24 * 3600 * 1000;

export function authority(name: string): Authority {
	const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const cert = certificate({ name }, keys.publicKey, name, keys.privateKey, true);
	return {
		cert,
		key: pemOf(keys.privateKey),
		issue(wanted) {
			const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
			return {
				cert: certificate(wanted, own.publicKey, name, keys.privateKey, false),
				key: pemOf(own.privateKey),
			};
		},
	};
}

function pemOf(key: KeyObject): string {
	return String(key.export({ type: "pkcs8", format: "pem" }));
}

function certificate(
	{ name, hosts = [], until = new Date(Date.now() + 365 * DAY_MS) }: Wanted,
	publicKey: KeyObject,
	issuer: string,
	issuerKey: KeyObject,
	isAuthority: boolean,
): string {
	const alternatives = hosts.map((host) =>
		/^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, host),
	);
	const extensions = [
		...(isAuthority ? [extension("551d13", der(0x30, der(0x01, Buffer.of(0xff))))] : []),
		...(hosts.length > 0 ? [extension("551d11", der(0x30, ...alternatives))] : []),
	];
	const from = new Date(Math.min(Date.now(), until.getTime()) - DAY_MS);
	const body = der(
		0x30,
		der(0xa0, der(0x02, Buffer.of(2))),
		der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
		ECDSA_SHA256,
		nameOf(issuer),
		der(0x30, timeOf(from), timeOf(until)),
		nameOf(name),
		publicKey.export({ type: "spki", format: "der" }),
		...(extensions.length > 0 ? [der(0xa3, der(0x30, ...extensions))] : []),
	);
	const signature = Buffer.concat([Buffer.of(0), sign("sha256", body, issuerKey)]);
	const whole = der(0x30, body, ECDSA_SHA256, der(0x03, signature));
	const lines = whole.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
	return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** A value with its tag and length. */
function der(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
	const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
	const { length } = content;
	const size =
		length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
	return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function oid(hex: string): Buffer {
	return der(0x06, Buffer.from(hex, "hex"));
}

const ECDSA_SHA256 = der(0x30, oid("2a8648ce3d040302"));

function nameOf(commonName: string): Buffer {
	return der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, commonName))));
}

function timeOf(date: Date): Buffer {
	return der(0x17, `${date.toISOString().replace(/[-T:]/g, "").slice(2, 14)}Z`);
}

function extension(id: string, value: Buffer): Buffer {
	return der(0x30, oid(id), der(0x04, value));
}
