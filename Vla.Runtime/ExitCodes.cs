using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Actors.Torch;
using Vla.Actors.Training;
using Vla.Sensors.Cameras;
using Vla.Sensors.Datasets;
using Vla.Sensors.Videos;

namespace Vla.Runtime;

/// <summary>How <c>vla</c> ends, as documented in docs/operations.md.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>Something failed that no other code names.</summary>
    public const int Failure = 1;

    /// <summary>A wrong flag, setting or argument.</summary>
    public const int Usage = 2;

    /// <summary>The camera cannot be opened.</summary>
    public const int Camera = 3;

    /// <summary>The policy or a checkpoint cannot be used.</summary>
    public const int Policy = 4;

    /// <summary>The robot or its profile cannot be used, or does not fit the policy.</summary>
    public const int Robot = 5;

    /// <summary>
    /// A stage of the policy, the control loop or the start hangs and cannot be ended otherwise than with the process.
    /// </summary>
    public const int Hang = 6;

    /// <summary>
    /// The code for an exception whose message is meant for the user; null when it is not one of those.
    /// </summary>
    public static int? For(Exception exception) =>
        exception switch
        {
            CameraException => Camera,
            HangException => Hang,
            PolicyException or CheckpointException or DeviceException => Policy,
            RobotProfileException or RobotException => Robot,
            CommandException command => command.ExitCode,
            DatasetException or VideoException or TrainingException => Failure,
            _ => null,
        };

    /// <summary>
    /// A defect of ours, or of somebody's robot, in one line: what, and the place for whoever mends it.
    /// </summary>
    public static string Describe(Exception exception)
    {
        var place = exception.StackTrace?.Split('\n')[0].Trim();
        return $"unexpected {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")} "
            + $"({place ?? "no place known"})";
    }
}

/// <summary>
/// A command cannot go on; the message says why in one line, for the user, and the exit code goes with it.
/// </summary>
/// <param name="message">For the user, in one line.</param>
/// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="inner">What it came from.</param>
internal abstract class CommandException(string message, int exitCode, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>The process's.</summary>
    public int ExitCode { get; } = exitCode;
}

/// <summary>
/// The user asked for something that cannot be: the message names the thing and the mend, in one line.
/// </summary>
internal sealed class UsageException(string message, Exception? inner = null)
    : CommandException(message, ExitCodes.Usage, inner);
