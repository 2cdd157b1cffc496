namespace Vla.Sensors.Simulation;

/// <summary>How much the table asks of a policy.</summary>
public enum WorldLevel
{
    /// <summary>Blocks are turned by less than the gripper forgives, and each has a colour of its own.</summary>
    Level1 = 1,

    /// <summary>Blocks are turned by up to 45 degrees, and two may share a colour, told apart by place.</summary>
    Level2 = 2,
}
