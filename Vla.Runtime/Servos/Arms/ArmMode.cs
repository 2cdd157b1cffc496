namespace Vla.Runtime.Servos.Arms;

/// <summary>What an arm is doing.</summary>
internal enum ArmMode
{
    /// <summary>Nothing holds it.</summary>
    Slack,

    /// <summary>It stays where it is.</summary>
    Holding,

    /// <summary>It is on its way, slowly, to where it is first told to be.</summary>
    Approaching,

    /// <summary>It goes where it is told.</summary>
    Following,

    /// <summary>It goes to where it can lie.</summary>
    GoingToRest,

    /// <summary>It lies there and is let go, little by little.</summary>
    LettingGo,
}
