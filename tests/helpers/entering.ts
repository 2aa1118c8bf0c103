/** Whether the process is to work in the folder that is written into (see Destination.mayEnter): set before the promises of SafeWriter are looked at once more. */
export const entering = { wanted: false };
