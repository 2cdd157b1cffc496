using Vla.Actors.Robots;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Libraries;

/// <summary>Loads a robot or an output that somebody else wrote.</summary>
internal static class RobotLibrary
{
    /// <summary>How long one may take to be made: it may find its port and wait for an answer there.</summary>
    private static readonly TimeSpan LongestMaking = TimeSpan.FromSeconds(30);

    /// <typeparam name="T"><see cref="IRobot"/>, or <see cref="IActionOutput"/> for either.</typeparam>
    /// <param name="name">The assembly, and what its constructor is given.</param>
    /// <param name="profile">Given to the constructor, if that takes one; null when there is none.</param>
    /// <param name="time">Given to the constructor, if that takes a clock.</param>
    /// <exception cref="UsageException">The file, the class in it, or its constructor cannot be used.</exception>
    public static T Load<T>(LibraryName name, RobotProfile? profile, TimeProvider time)
        where T : class, IActionOutput
    {
        var request = new LibraryRequest(
            "robot",
            name.File,
            LongestMaking,
            (why, inner) => new UsageException(why, inner)
        )
        {
            Arguments = new Dictionary<Type, object?>
            {
                [typeof(string)] = name.Argument,
                [typeof(RobotProfile)] = profile,
                [typeof(TimeProvider)] = time,
            },
            Others =
            [
                (typeof(IActionOutput), "only takes actions: give it with --output, or let it implement IRobot"),
                (typeof(ICamera), "is a camera: give it with --camera"),
            ],
        };
        return LibraryLoader.Load<T>(
            request,
            made =>
            {
                _ = (made.Name, made.MayBlock, made.Moves, made.QueueCapacity);
                if (made is IRobot robot)
                    _ = (
                        robot.ActionNames,
                        robot.ActionUnits,
                        robot.StateNames,
                        robot.StateUnits,
                        robot.StateRateHz,
                        robot.Profile
                    );
            }
        );
    }
}
