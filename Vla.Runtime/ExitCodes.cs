using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Actors.Training;
using Vla.Runtime.Bench;
using Vla.Runtime.Evaluation;
using Vla.Runtime.Hosting;
using Vla.Sensors.Cameras;
using Vla.Sensors.Datasets;
using Vla.Sensors.Videos;

namespace Vla.Runtime;

/// <summary>How <c>vla</c> ends, as documented in docs/operations.md.</summary>
public static class ExitCodes
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

    /// <summary>A stage of the policy, the control loop or the start hangs and cannot be ended otherwise than with the process.</summary>
    public const int Hang = 6;

    /// <summary>The code for an exception whose message is meant for the user; null when it is not one of those.</summary>
    public static int? For(Exception exception) => exception switch
    {
        CameraException => Camera,
        HangException => Hang,
        PolicyException => Policy,
        RobotProfileException or RobotException => Robot,
        UsageException => Usage,
        RunEndedException ended => ended.ExitCode,
        BenchException or EvaluationException or DatasetException or VideoException or TrainingException => Failure,
        _ => null,
    };

    /// <summary>A defect of ours, or of somebody's robot, in one line: what, and the place for whoever mends it.</summary>
    public static string Describe(Exception exception)
    {
        var place = exception.StackTrace?.Split('\n')[0].Trim();
        return $"unexpected {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")} ({place ?? "no place known"})";
    }
}

/// <summary>The user asked for something that cannot be: the message names the thing and the mend, in one line.</summary>
public sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);
