using Vla.Actors.Robots;

namespace Vla.Runtime.Networks;

/// <summary>The robot profile that an address names.</summary>
internal static class ProfileFile
{
    /// <exception cref="UsageException">It names none.</exception>
    /// <exception cref="RobotProfileException">It cannot be used.</exception>
    public static RobotProfile Load(NetworkAddress address) => RobotProfile.Load(Of(address));

    /// <summary>Its path.</summary>
    /// <exception cref="UsageException">The address names none.</exception>
    public static string Of(NetworkAddress address) =>
        address[NetworkOption.Profile]
        ?? throw new UsageException(
            $"'{address}' needs its profile, with names, units and limits: give ?profile=FILE (copy one of "
                + "config/robots)"
        );
}
