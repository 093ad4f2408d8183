/**
 * Which history a node has seen, in a file of its own data directory: an asynchronous standby that
 * was promoted, or a database that was restored, may hold another one under the same name. A node
 * that has seen more than is there now serves nothing of it.
 *
 *     seen   incarnation, size and root of the log
 *     ask    is the log still of that incarnation, and does it begin with what was seen?
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TreeHead } from "../../../../feeds/proof/tree.ts";
import { Refusal } from "../../../errors.ts";
import type { Database } from "../connection/database.ts";
import { isUnreadable } from "../connection/failures.ts";
import { beginsWith, headAt } from "../hashes/hashes.ts";

const FILE = "postgres.seen.json";
const ROOT = /^[0-9a-f]{64}$/;

type Seen = {
	readonly incarnation: number;
	readonly size: number;
	readonly root: string;
	/** Whether commits have ever waited for a synchronous standby. */
	readonly hadStandby?: boolean;
};

export class SeenHistory {
	readonly #file: string;
	readonly #shown: string;
	readonly #incarnation: number;
	#seen: Seen | undefined;
	#hadStandby: boolean;
	/** The file is written by one at a time. */
	#noting: Promise<void> = Promise.resolve();

	/** @param directory of the node */
	constructor(directory: string, schema: string, shown: string, incarnation: number) {
		this.#file = join(directory, schema === "varve" ? FILE : `postgres-${schema}.seen.json`);
		this.#shown = shown;
		this.#incarnation = incarnation;
		this.#seen = readSeen(this.#file);
		this.#hadStandby = this.#seen?.hadStandby === true;
	}

	/** Whether this node has ever seen that commits wait for a synchronous standby. */
	get hadStandby(): boolean {
		return this.#hadStandby;
	}

	/** Is written down with the next head. */
	noteStandby(): void {
		this.#hadStandby = true;
	}

	/** The highest number of a history that this node has seen; 0 if it has seen none. */
	get highest(): number {
		return this.#seen?.incarnation ?? 0;
	}

	/** How much of the log it has seen, all of which a standby had if one was waited for. */
	get size(): number {
		return this.#seen?.size ?? 0;
	}

	/** Keeps the newest head that this node has signed or served by. */
	note(head: TreeHead): Promise<void> {
		const noted = this.#noting.then(() => this.#note(head));
		this.#noting = noted.catch(() => undefined);
		return noted;
	}

	async #note({ size, root }: TreeHead): Promise<void> {
		const hadStandby = this.#hadStandby;
		const isOld = this.#seen?.incarnation === this.#incarnation && this.#seen.size >= size;
		if (isOld && this.#seen?.hadStandby === hadStandby) return;
		const head = { incarnation: this.#incarnation, size, root: Buffer.from(root).toString("hex") };
		const seen = { ...(isOld ? (this.#seen as Seen) : head), hadStandby };
		await replaceFile(this.#file, `${JSON.stringify(seen)}\n`);
		this.#seen = seen;
	}

	/**
	 * Holds the log against what was seen.
	 * @throws Refusal `history-rewound`
	 */
	async refuseOther(database: Database, size: number): Promise<void> {
		const seen = this.#seen;
		// A higher number says that an operator has looked at it.
		if (!seen || seen.incarnation < this.#incarnation) return;
		const head = { size: seen.size, root: Buffer.from(seen.root, "hex") };
		if (seen.incarnation === this.#incarnation && (await continues(head, size, database))) return;
		throw new Refusal("history-rewound", { path: this.#shown, signed: seen.size, size });
	}
}

async function continues(head: TreeHead, size: number, database: Database): Promise<boolean> {
	try {
		return await beginsWith(head, size, (of) => headAt(database, of));
	} catch (error) {
		if (isUnreadable(error)) return false;
		throw error;
	}
}

/** A crash leaves the old file or the new one, whole. */
async function replaceFile(file: string, text: string): Promise<void> {
	await mkdir(dirname(file), { recursive: true });
	const handle = await open(`${file}.new`, "w");
	try {
		await handle.writeFile(text);
		await handle.datasync();
	} finally {
		await handle.close();
	}
	await rename(`${file}.new`, file);
}

/** @throws Refusal `data-directory-unusable` if there is a file that says nothing */
function readSeen(file: string): Seen | undefined {
	if (!existsSync(file)) return undefined;
	const { incarnation, size, root, hadStandby } = contentOf(file);
	const isSeen = Number.isSafeInteger(incarnation) && Number.isSafeInteger(size);
	if (isSeen && ROOT.test(String(root)))
		return {
			...{ incarnation: Number(incarnation), size: Number(size), root: String(root) },
			hadStandby: hadStandby === true,
		};
	const reason = "it does not say which history this node has seen; remove it if you know that";
	throw new Refusal("data-directory-unusable", { path: file, reason });
}

function contentOf(file: string): Partial<Seen> {
	try {
		return (JSON.parse(readFileSync(file, "utf8")) ?? {}) as Partial<Seen>;
	} catch {
		return {};
	}
}
