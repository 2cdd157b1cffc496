namespace Vla.Actors.Training;

/// <summary>A training cannot go on. The message says why and what is left of it.</summary>
internal sealed class TrainingException(string message, Exception? inner = null) : Exception(message, inner);
