namespace Vla.Actors.Policies;

/// <summary>A policy cannot be used. The message names the file, what is wrong and the mend.</summary>
public class PolicyException(string message, Exception? inner = null) : Exception(message, inner);
