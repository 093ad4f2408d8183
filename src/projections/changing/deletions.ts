/**
 * Projections that are deleted with streams of theirs: first the streams, beside all other changes,
 * and then the projection itself. If the server ends meanwhile, the next start goes on with that.
 *
 * Of one name, there is one at a time: when a projection is gone, nothing hides the streams of the
 * next one of its name.
 */
import { isDeepStrictEqual } from "node:util";
import type { Definition } from "../definition.ts";
import { BEING_DELETED, deleteStreams } from "../keeping/deleting.ts";
import type { Projection, ProjectionParts } from "../projection.ts";
import { outputOf } from "../running/check.ts";
import { messageOf } from "../running/verdict.ts";

export type DeletionsAround = {
	/** What is known of a projection now. */
	known(name: string): Definition | undefined;
	/** Removes it, in a change of its own, if that still holds. */
	removeIf(projection: Projection, holds: () => boolean): Promise<void>;
};

export class Deletions {
	readonly #parts: ProjectionParts;
	readonly #around: DeletionsAround;
	/** By name. */
	readonly #last = new Map<string, Promise<void>>();

	constructor(parts: ProjectionParts, around: DeletionsAround) {
		this.#parts = parts;
		this.#around = around;
	}

	/** Resolves when it is gone, and whatever was deleted of its name before it. */
	async finish(projection: Projection): Promise<void> {
		const { name } = projection.definition;
		const before = this.#last.get(name) ?? Promise.resolve();
		const done = before.catch(() => undefined).then(() => this.#delete(projection));
		this.#last.set(name, done);
		try {
			await done;
		} finally {
			if (this.#last.get(name) === done) this.#last.delete(name);
		}
	}

	async #delete(projection: Projection): Promise<void> {
		const { definition } = projection;
		const { name, id, query, deletes } = definition;
		if (deletes === undefined || this.#around.known(name)?.id !== id) return;
		const { own, scripts } = this.#parts;
		projection.hold(BEING_DELETED, false);
		try {
			const output = await outputOf(scripts, query);
			await deleteStreams(own, definition, await projection.keeper(), deletes, output);
		} catch (error) {
			projection.hold(`${BEING_DELETED} DELETE it again: ${messageOf(error)}`, false);
			throw error;
		}
		await this.#around.removeIf(projection, () => {
			// Another server may have done it meanwhile, or somebody has asked for more to be deleted.
			const now = this.#around.known(name);
			return now?.id === id && isDeepStrictEqual(now.deletes, deletes);
		});
	}
}
