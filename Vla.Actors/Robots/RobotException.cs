namespace Vla.Actors.Robots;

/// <summary>A robot cannot be used. The message names it, the reason and the mend, in one line.</summary>
public class RobotException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The connection to a robot is gone: it is to be connected anew. The message says why, in one line.</summary>
public sealed class RobotLostException(string message, Exception? inner = null) : RobotException(message, inner);
