/** Whether files are to be bare where they may be (see Plan.takeBare): set before the promises of SafeWriter are looked at once more. */
export const bare = { wanted: false };
