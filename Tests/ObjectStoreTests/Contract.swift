// Filled by the object store's contract.
