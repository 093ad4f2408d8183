/**
 * The streams that keep a projection (contract 8.9):
 *
 *     $projections-$all                     which there are: $ProjectionCreated, $ProjectionDeleted
 *     $projections-<name>                   what it is: $ProjectionUpdated; the newest counts
 *     $projections-<name>-checkpoint        how far it is, and its states
 *     $projections-<name>-emittedstreams    the streams that it has written, if it is to note them
 *     $projections-<name>-result            its results; one stream for each partition besides
 */
import { PROJECTION_PREFIX, PROJECTION_RESULT } from "../bookkeeping.ts";
import { Refusal } from "../errors.ts";
import { nameFault, parseStreamName, STREAM_NAME_BYTES_MAX, type StreamName } from "../event.ts";

/** Names that a query gives; undefined for the usual ones. */
export type ResultNames = {
	readonly resultStream: string | undefined;
	/** `{0}` stands for the partition. */
	readonly partitionResultStream: string | undefined;
};

/** Every projection that was made or deleted. */
export const PROJECTIONS_STREAM = `${PROJECTION_PREFIX}$all` as StreamName;

const CHECKPOINT = "-checkpoint";
const EMITTED = "-emittedstreams";
/** A name that ended like this would have a stream of another projection for its own. */
const RESERVED = [CHECKPOINT, EMITTED, PROJECTION_RESULT, "-partitions", "-order"];

export function definitionStream(name: string): StreamName {
	return `${PROJECTION_PREFIX}${name}` as StreamName;
}

/** @param kept 0 for the usual stream; a higher number for one of a query that took over */
export function checkpointStream(name: string, kept: number): StreamName {
	const suffix = kept === 0 ? CHECKPOINT : `-${kept}${CHECKPOINT}`;
	return `${PROJECTION_PREFIX}${name}${suffix}` as StreamName;
}

export function emittedStream(name: string): StreamName {
	return `${PROJECTION_PREFIX}${name}${EMITTED}` as StreamName;
}

/** @param partition "" for the projection as a whole */
export function resultStream(name: string, partition: string): string {
	const middle = partition === "" ? "" : `-${partition}`;
	return `${PROJECTION_PREFIX}${name}${middle}${PROJECTION_RESULT}`;
}

/** Where the results of a partition go, by what the query says of its output. */
export function resultStreamOf(
	name: string,
	{ resultStream: named, partitionResultStream: pattern }: ResultNames,
	partition: string,
): string {
	if (partition === "") return named ?? resultStream(name, "");
	if (pattern !== undefined) return pattern.replaceAll("{0}", () => partition);
	return named === undefined ? resultStream(name, partition) : `${named}-${partition}`;
}

/** The name of a projection that a stream defines; undefined if it is another kind of stream. */
export function definedBy(stream: string): string | undefined {
	if (!stream.startsWith(PROJECTION_PREFIX)) return undefined;
	const name = stream.slice(PROJECTION_PREFIX.length);
	return RESERVED.some((suffix) => name.endsWith(suffix)) ? undefined : name;
}

/**
 * @param text percent-decoded, nothing checked
 * @throws Refusal `invalid-projection`
 */
export function parseProjectionName(text: string): string {
	const fault = nameFault(text, STREAM_NAME_BYTES_MAX);
	if (fault !== undefined) throw invalid(`This cannot name a projection: ${fault}.`);
	if (text === "$all") throw invalid("$all is the list of projections, and names none.");
	const reserved = RESERVED.find((suffix) => text.endsWith(suffix));
	if (reserved !== undefined) {
		throw invalid(`No projection can have a name that ends in ${reserved}: its streams do.`);
	}
	try {
		parseStreamName(`$$${emittedStream(text)}`);
	} catch {
		throw invalid("The name is too long: the names of its streams would be, too.");
	}
	return text;
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-projection", { reason });
}
