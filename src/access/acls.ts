/**
 * The ACLs of streams as they are now, from memory if they are known.
 *
 * An ACL is forgotten with the commit that may change it, before the client that wrote it has its
 * answer. It is noted before the log is asked, as in `following/last-versions.ts`: an answer that a
 * commit may have overtaken is used once and not kept.
 */
import { LRUCache } from "lru-cache";
import type { StreamName } from "../event.ts";
import type { Commit, Log } from "../log/log.ts";
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

/** More streams than clients read at a time. */
const KEPT_MAX = 50_000;
/** Of their names, which are as long as clients like. */
const KEPT_CHARACTERS_MAX = 8 * 1024 * 1024;
/** Its newest event has the ACLs of streams that have none themselves. */
export const SETTINGS = "$settings" as StreamName;
const NEWEST = { from: "head", limit: 1, direction: "backward", content: true } as const;

/** Listens to the log until it is closed. */
export class Acls {
	readonly #log: Log;
	readonly #isAllOpen: boolean;
	readonly #known = new LRUCache<StreamName, Acl>({
		max: KEPT_MAX,
		maxSize: KEPT_CHARACTERS_MAX,
		sizeCalculation: (_acl, stream) => stream.length + 1,
	});
	readonly #stopListening: () => void;
	#defaults: DefaultAcls | undefined;
	/** How many commits may have changed an ACL. */
	#changes = 0;

	/** @param isAllOpen as in `effectiveAcl` */
	constructor(log: Log, isAllOpen: boolean) {
		this.#log = log;
		this.#isAllOpen = isAllOpen;
		this.#stopListening = log.onCommit((commit) => this.#follow(commit));
	}

	/** @throws Refusal as a read of the log */
	of(stream: StreamName): Acl | Promise<Acl> {
		return this.#known.get(stream) ?? this.#read(stream);
	}

	/** Forgets everything, and stops listening to the log. */
	close(): void {
		this.#stopListening();
		this.#forgetAll();
	}

	async #read(stream: StreamName): Promise<Acl> {
		const changes = this.#changes;
		const defaults = this.#defaults ?? (await this.#readDefaults());
		const written = await this.#written(stream);
		const acl = effectiveAcl(stream, written, defaults, this.#isAllOpen);
		if (changes === this.#changes) {
			this.#defaults = defaults;
			this.#known.set(stream, acl);
		}
		return acl;
	}

	async #written(stream: StreamName): Promise<WrittenAcl> {
		const data = await this.#newest(metadataStream(stream));
		return data === undefined ? {} : aclOfMetadata(data);
	}

	async #readDefaults(): Promise<DefaultAcls> {
		const data = await this.#newest(SETTINGS);
		return data === undefined ? NO_DEFAULTS : defaultsOf(data);
	}

	async #newest(stream: StreamName): Promise<Uint8Array | undefined> {
		const { entries } = await this.#log.read({ stream, ...NEWEST });
		return entries[0]?.event.data;
	}

	#follow({ streams, marked, erasures }: Commit): void {
		const isOfAll = erasures !== undefined || streams.has(SETTINGS) || marked.includes(SETTINGS);
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
