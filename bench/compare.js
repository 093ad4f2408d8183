// Two rates, measured in turn, so that whatever else the machine does hits both alike.

/**
 * @param floor, ours functions that measure once and return a rate
 * @returns medians of both, the ratio of the medians, and the lowest and highest ratio of a pair
 */
export async function compare({ rounds }, floor, ours) {
	const floors = [];
	const oursAll = [];
	// The first measurement of each warms it up and is thrown away.
	await floor();
	await ours();
	for (let round = 0; round < rounds; round++) {
		// Every second pair goes the other way round: what drifts then favours neither.
		const floorFirst = round % 2 === 0;
		if (floorFirst) floors.push(await floor());
		oursAll.push(await ours());
		if (!floorFirst) floors.push(await floor());
	}
	const pairs = oursAll.map((rate, index) => rate / floors[index]);
	return {
		floor: median(floors),
		ours: median(oursAll),
		ratio: median(oursAll) / median(floors),
		spread: { low: Math.min(...pairs), high: Math.max(...pairs) },
	};
}

export function median(numbers) {
	const sorted = numbers.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
