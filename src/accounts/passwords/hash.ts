/**
 * Hashes of passwords, as they are kept:
 *
 *     $scrypt$ln=16,r=8,p=1$<salt>$<hash>      both in Base64 without padding
 *
 * The parameters stand with each hash, so a store can raise its cost, and old hashes go on to work.
 * EventStore keeps a salt beside a hash of PBKDF2: `legacyHash` makes one text of the two, so that
 * users who were moved from there can log in. Their first login makes a hash of ours.
 */
import { pbkdf2, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** A hash, read: how to make it again of a password. */
type Parsed = {
	readonly algorithm: "scrypt" | "pbkdf2";
	/** Of scrypt, log2 of N. */
	readonly cost: number;
	readonly salt: Buffer;
	readonly hash: Buffer;
};

/** A block of 1 KiB for each of the N steps: 64 MiB at the usual cost of 16. */
const BLOCK_SIZE = 8;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
export const COST_MIN = 10;
/** An event may claim any cost; a check may not take more than 512 MiB. */
export const COST_MAX = 19;
const LEGACY = { rounds: 1000, digest: "sha1", saltBytesMax: 64, hashBytes: 20 } as const;

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=8,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;
const LEGACY_FORM = /^\$pbkdf2\$([A-Za-z0-9+/]{1,88}={0,2})\$([A-Za-z0-9+/]{27}=)$/;

const deriveScrypt = promisify<string, Buffer, number, object, Buffer>(scrypt);
const derivePbkdf2 = promisify(pbkdf2);

/** @param cost log2 of the number of steps; each more doubles time and memory */
export async function hashPassword(password: string, cost: number): Promise<string> {
	const salt = randomBytes(SALT_BYTES);
	return written(cost, salt, await derive(password, salt, cost));
}

/** A hash that no password has, for accounts that do not exist: to check it takes as long. */
export function hashOfNothing(cost: number): string {
	return written(cost, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));
}

/** The text for a salt and a hash of EventStore, both in Base64. */
export function legacyHash(salt: string, hash: string): string {
	return `$pbkdf2$${salt}$${hash}`;
}

/** Whether the password is the one of the hash; false if the text is no hash. */
export async function isPasswordOf(password: string, text: string): Promise<boolean> {
	const parsed = parse(text);
	if (parsed === undefined) return false;
	const { algorithm, cost, salt, hash } = parsed;
	if (algorithm === "scrypt") return timingSafeEqual(await derive(password, salt, cost), hash);
	const { rounds, digest, hashBytes } = LEGACY;
	return timingSafeEqual(await derivePbkdf2(password, salt, rounds, hashBytes, digest), hash);
}

/** Whether the text is a hash, so that a password can fit it. */
export function isHash(text: string): boolean {
	return parse(text) !== undefined;
}

/** Whether the hash was made at another cost than new ones are. */
export function isOutdated(text: string, cost: number): boolean {
	const parsed = parse(text);
	return parsed !== undefined && (parsed.algorithm !== "scrypt" || parsed.cost !== cost);
}

/** Whether a check of the hash takes as long as one of scrypt at this cost. */
export function takesAsLong(text: string, cost: number): boolean {
	const parsed = parse(text);
	return parsed?.algorithm === "scrypt" && parsed.cost >= cost;
}

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
	const steps = 2 ** cost;
	const bytes = 128 * BLOCK_SIZE * steps;
	const options = { N: steps, r: BLOCK_SIZE, p: 1, maxmem: 2 * bytes };
	return deriveScrypt(password, salt, HASH_BYTES, options);
}

function parse(text: string): Parsed | undefined {
	const [, ln = "", salt, hash] = FORM.exec(text) ?? [];
	if (salt !== undefined && hash !== undefined) {
		const cost = Number(ln);
		if (cost < COST_MIN || cost > COST_MAX) return undefined;
		return { algorithm: "scrypt", cost, salt: bytesOf(salt), hash: bytesOf(hash) };
	}
	const [, oldSalt, oldHash] = LEGACY_FORM.exec(text) ?? [];
	if (oldSalt === undefined || oldHash === undefined) return undefined;
	const parsed = { salt: bytesOf(oldSalt), hash: bytesOf(oldHash) };
	if (parsed.salt.length > LEGACY.saltBytesMax || parsed.hash.length !== LEGACY.hashBytes) {
		return undefined;
	}
	return { algorithm: "pbkdf2", cost: 0, ...parsed };
}

function written(cost: number, salt: Buffer, hash: Buffer): string {
	return `$scrypt$ln=${cost},r=${BLOCK_SIZE},p=1$${textOf(salt)}$${textOf(hash)}`;
}

function bytesOf(text: string): Buffer {
	return Buffer.from(text, "base64");
}

function textOf(bytes: Buffer): string {
	return bytes.toString("base64").replace(/=+$/, "");
}
