/**
 * The ACLs of streams as they are now, from memory if they are known.
 *
 * An ACL is forgotten with the commit that may change it, before the client that wrote it has its
 * answer. It is noted before the log is asked, as in `following/last-versions.ts`: an answer that a
 * commit may have overtaken is used once and not kept.
 */
import { LRUCache } from "lru-cache";
import { isRefusal } from "../errors.ts";
import type { StreamName } from "../event.ts";
import type { Commit, HiddenReads, Log } from "../log/log.ts";
import { metadataStream } from "../retention/window.ts";
import {
	type Acl,
	aclOfMetadata,
	type DefaultAcls,
	defaultsOf,
	effectiveAcl,
	NO_DEFAULTS,
	type WrittenAcl,
} from "./acl.ts";

/** Some 50,000 streams with usual names: more than clients read at a time. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;
/** An entry, besides the characters of its name and of the roles in its ACL. */
const OVERHEAD_BYTES = 150;
/** More users and groups than ACLs name; if there are more, any user counts as named. */
const ROLES_MAX = 10_000;
/** Its newest event has the ACLs of streams that have none themselves. */
export const SETTINGS = "$settings" as StreamName;
const NEWEST = { from: "head", limit: 1, direction: "backward", content: true } as const;

/** Whether a commit may change the ACLs of streams that have none themselves. */
export function changesDefaults({ streams, marked, erasures }: Commit): boolean {
	return erasures !== undefined || streams.has(SETTINGS) || marked.includes(SETTINGS);
}

/** Listens to the log until it is closed. */
export class Acls {
	readonly #log: Log;
	readonly #hidden: HiddenReads;
	readonly #isAllOpen: boolean;
	readonly #known = new LRUCache<StreamName, Acl>({
		maxSize: KEPT_BYTES_MAX,
		sizeCalculation: (acl, stream) => stream.length + lengthOf(acl) + OVERHEAD_BYTES,
	});
	readonly #stopListening: () => void;
	/** Every role of an ACL that was read. */
	readonly #roles = new Set<string>();
	#defaults: Promise<DefaultAcls> | undefined;
	/** How many commits may have changed an ACL. */
	#changes = 0;

	/**
	 * @param hidden for the metadata of a stream that was deleted for ever, whose ACL still counts
	 * @param isAllOpen as in `effectiveAcl`
	 */
	constructor(log: Log, hidden: HiddenReads, isAllOpen: boolean) {
		this.#log = log;
		this.#hidden = hidden;
		this.#isAllOpen = isAllOpen;
		this.#stopListening = log.onCommit((commit) => this.#follow(commit));
	}

	/** @throws Refusal as a read of the log */
	of(stream: StreamName): Acl | Promise<Acl> {
		return this.#known.get(stream) ?? this.#read(stream);
	}

	/**
	 * Whether an ACL that was read may name a user. An answer of before may have been false; whoever
	 * shares by it asks again behind the read.
	 */
	names(user: string): boolean {
		return user !== "" && (this.#roles.size >= ROLES_MAX || this.#roles.has(user));
	}

	/** Forgets everything, and stops listening to the log. */
	close(): void {
		this.#stopListening();
		this.#forgetAll();
	}

	async #read(stream: StreamName): Promise<Acl> {
		const changes = this.#changes;
		this.#defaults ??= this.#readDefaults();
		const defaults = await this.#defaults;
		const written = await this.#written(stream);
		const acl = effectiveAcl(stream, written, defaults, this.#isAllOpen);
		this.#note(acl);
		if (changes === this.#changes) this.#known.set(stream, acl);
		return acl;
	}

	async #written(stream: StreamName): Promise<WrittenAcl> {
		const { entries } = await this.#hidden.read({ stream: metadataStream(stream), ...NEWEST });
		const [newest] = entries;
		return newest === undefined ? {} : aclOfMetadata(newest.event.data);
	}

	async #readDefaults(): Promise<DefaultAcls> {
		try {
			const { entries } = await this.#log.read({ stream: SETTINGS, ...NEWEST });
			const [newest] = entries;
			return newest === undefined ? NO_DEFAULTS : defaultsOf(newest.event.data);
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return NO_DEFAULTS;
			// The next one asks again.
			this.#defaults = undefined;
			throw error;
		}
	}

	#note(acl: Acl): void {
		for (const role of Object.values(acl).flat()) {
			if (this.#roles.size < ROLES_MAX) this.#roles.add(role);
		}
	}

	#follow(commit: Commit): void {
		const { marked } = commit;
		const isOfAll = changesDefaults(commit);
		if (!isOfAll && marked.length === 0) return;
		this.#changes++;
		if (isOfAll) this.#forgetAll();
		for (const stream of marked) this.#known.delete(stream);
	}

	#forgetAll(): void {
		this.#known.clear();
		this.#defaults = undefined;
	}
}

function lengthOf(acl: Acl): number {
	let length = 0;
	for (const roles of Object.values(acl)) for (const role of roles) length += role.length;
	return length;
}
