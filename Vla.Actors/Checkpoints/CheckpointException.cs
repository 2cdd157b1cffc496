namespace Vla.Actors.Checkpoints;

/// <summary>A file of weights cannot be used. The message names the file, what is wrong and the mend.</summary>
public sealed class CheckpointException(string message, Exception? inner = null) : Exception(message, inner);
