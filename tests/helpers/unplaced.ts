/** Whether files are to go unplaced where they may (see Plan.takeUnplaced): set before the promises of SafeWriter are looked at once more. */
export const unplaced = { wanted: false };
