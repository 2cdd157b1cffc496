using Vla.Actors.Policies;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Robots;

/// <summary>What a run's robot calls its numbers, for a policy that has none of its own for them.</summary>
internal static class RobotNames
{
    /// <param name="made">The robot and its profile.</param>
    /// <param name="stepMs">The user's word on how far apart actions are, ms; 0 for none.</param>
    public static RobotNaming Of(RobotMade made, double stepMs) =>
        new()
        {
            Who = $"the robot profile '{made.Profile.Name}'",
            ActionNames = [.. made.Profile.Dimensions.Select(dimension => dimension.Name)],
            ActionUnits = [.. made.Profile.Dimensions.Select(dimension => dimension.Unit)],
            StateNames = made.Robot?.StateNames ?? [],
            StateUnits = made.Robot?.StateUnits ?? [],
            StepMs = made.Profile.StepMs,
            GivenStepMs = stepMs > 0 ? stepMs : null,
        };

    /// <summary>The same of the simulated tabletop's arm.</summary>
    /// <param name="stepMs">The user's word, ms; 0 for none.</param>
    public static RobotNaming OfTabletop(double stepMs = 0) =>
        TabletopFit.Naming with
        {
            GivenStepMs = stepMs > 0 ? stepMs : null,
        };
}
