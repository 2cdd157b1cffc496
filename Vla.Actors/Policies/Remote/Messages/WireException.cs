namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>
/// A message cannot be read, or is not what it has to be; the message says what and where, in one line.
/// </summary>
internal sealed class WireException(string message, Exception? inner = null) : Exception(message, inner);
