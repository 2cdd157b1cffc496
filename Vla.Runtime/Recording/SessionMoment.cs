namespace Vla.Runtime.Recording;

/// <summary>What somebody who looks at the robot, and not at a screen, wants to hear of.</summary>
internal enum SessionMoment
{
    /// <summary>An episode is recorded from now on.</summary>
    Begun,

    /// <summary>An episode is saved.</summary>
    Saved,

    /// <summary>An episode is not kept, or was taken back.</summary>
    NotKept,

    /// <summary>There is no more to come.</summary>
    Over,
}
