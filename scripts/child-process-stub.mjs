// Commander can start other programs as its commands. We have none, and Node's module for it takes longer to load than Commander.
export default {};
