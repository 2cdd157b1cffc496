using Vla.Actors.Robots;

namespace Vla.Runtime.Servos;

/// <summary>
/// A servo does not answer, answers wrongly, or cannot do what it is told. The message names it and the mend.
/// </summary>
internal sealed class ServoException(string message, Exception? inner = null) : RobotException(message, inner);
