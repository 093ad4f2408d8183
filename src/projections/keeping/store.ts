/**
 * Keeps what projections are as events, so that they are backed up, verified and seen like any
 * other. The list says which there are; the newest event of each one's own stream says what it is.
 */
import { randomUUID } from "node:crypto";
import { isRefusal, Refusal } from "../../errors.ts";
import type { NewEvent } from "../../event.ts";
import { type Definition, definitionIn } from "../definition.ts";
import { textOf } from "../json.ts";
import { definitionStream, PROJECTIONS_STREAM } from "../names.ts";
import { jsonEvent, type OwnLog } from "./own-log.ts";

const CREATED = "$ProjectionCreated";
const DELETED = "$ProjectionDeleted";
const UPDATED = "$ProjectionUpdated";
const PAGE = 500;
const NOTHING = new Uint8Array(0);

/** A definition, and the number of its event, which another server may have replaced. */
export type Kept = { readonly definition: Definition; readonly at: number };

export class DefinitionStore {
	readonly #own: OwnLog;
	/** By name, in the order of their creation. */
	readonly #names = new Set<string>();
	#readTo = 0;

	constructor(own: OwnLog) {
		this.#own = own;
	}

	/** Takes in what was made and deleted since the last call. */
	async names(): Promise<ReadonlySet<string>> {
		for (;;) {
			const slice = await this.#own.read(PROJECTIONS_STREAM, this.#readTo, PAGE);
			for (const { event, version } of slice?.entries ?? []) {
				if (version < this.#readTo) continue;
				const name = textOf(event.data);
				if (event.type === CREATED) this.#names.add(name);
				if (event.type === DELETED) this.#names.delete(name);
			}
			if (!slice || this.#readTo + PAGE > slice.last) {
				this.#readTo = Math.max(this.#readTo, (slice?.last ?? -1) + 1);
				return this.#names;
			}
			this.#readTo += PAGE;
		}
	}

	/** @returns undefined if the stream defines none */
	async get(name: string): Promise<Kept | undefined> {
		const slice = await this.#own.read(definitionStream(name), "head", 1);
		const newest = slice?.entries[0];
		if (newest === undefined) return undefined;
		const definition = definitionIn(name, newest.event.data);
		return definition && { definition, at: newest.version };
	}

	/**
	 * Makes a projection.
	 * @param max how many there may be
	 * @throws Refusal `projection-exists`, `too-many-projections`, and those of an append
	 */
	async create(definition: Definition, max: number): Promise<void> {
		const { name } = definition;
		const names = await this.names();
		if (names.has(name) && (await this.get(name))) {
			throw new Refusal("projection-exists", { projection: name });
		}
		if (names.size >= max) throw new Refusal("too-many-projections", { projectionsMax: max });
		const expected = this.#readTo === 0 ? "no-stream" : this.#readTo - 1;
		try {
			await this.#own.append(PROJECTIONS_STREAM, [named(CREATED, name)], expected);
		} catch (error) {
			// Another server was faster: with the same name, perhaps.
			if (isRefusal(error, "wrong-expected-version")) return this.create(definition, max);
			throw error;
		}
		await this.#own.append(definitionStream(name), [jsonEvent(UPDATED, dataOf(definition))]);
	}

	/**
	 * Replaces a definition, if it is still the one at a number.
	 * @returns the number of the new one
	 * @throws Refusal `wrong-expected-version` if it is not, and those of an append
	 */
	async save(definition: Definition, at: number): Promise<number> {
		const event = jsonEvent(UPDATED, dataOf(definition));
		const { first } = await this.#own.append(definitionStream(definition.name), [event], at);
		return first;
	}

	/** Writes that a projection is no more, and hides what it was. */
	async remove(name: string): Promise<void> {
		await this.#own.append(PROJECTIONS_STREAM, [named(DELETED, name)]);
		await this.#own.hide(definitionStream(name));
	}
}

/** Clients of EventStore look for two of the settings where that keeps them. */
function dataOf({ name: _, ...rest }: Definition): object {
	const { emitEnabled, trackEmittedStreams } = rest.settings;
	return { ...rest, emitEnabled, trackEmittedStreams };
}

function named(type: string, name: string): NewEvent {
	return { id: randomUUID(), type, isJson: false, data: Buffer.from(name), metadata: NOTHING };
}
