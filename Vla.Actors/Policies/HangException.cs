namespace Vla.Actors.Policies;

/// <summary>
/// A part of the policy did not come to an end in time; the message names it. The thread that is at it cannot be ended.
/// </summary>
internal sealed class HangException(string message) : PolicyException(message);
